"""What every host that is asked may expect of us, as values; `crawl.middlewares` keeps to them."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.user_agent import user_agent


@dataclass(frozen=True, slots=True)
class Politeness:
    """How a host is asked: `delay_seconds` between two pages of it, and whom it may write to about us."""

    delay_seconds: float = 5.0
    contact: str = ""

    @property
    def user_agent(self) -> str:
        """The header User-Agent: the project, and the address in the settings where there is one."""
        return user_agent(self.contact)
