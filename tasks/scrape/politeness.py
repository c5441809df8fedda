"""What every host that is asked may expect of us, as values; `crawl.middlewares` keeps to them."""

from __future__ import annotations

from dataclasses import dataclass

NAME = "likelens"
"""How robots.txt knows us."""
USER_AGENT = "likelens/0.1"


@dataclass(frozen=True, slots=True)
class Politeness:
    """How a host is asked: `delay_seconds` between two pages of it, and whom it may write to about us."""

    delay_seconds: float = 5.0
    contact: str = ""

    @property
    def user_agent(self) -> str:
        """The header User-Agent: the project, and the address in the settings where there is one."""
        return f"{USER_AGENT} (+{self.contact})" if self.contact else USER_AGENT
