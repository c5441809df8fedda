"""How politely hosts are crawled, as values; `crawl.middlewares` obeys them."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.user_agent import user_agent


@dataclass(frozen=True, slots=True)
class Politeness:
    """`delay_seconds` between two requests to a host, and the `contact` that it can write to about us."""

    delay_seconds: float = 5.0
    contact: str = ""

    @property
    def user_agent(self) -> str:
        """The header User-Agent: the project, and the address in the settings where there is one."""
        return user_agent(self.contact)
