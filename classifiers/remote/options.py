"""The settings that the stage tag reads of every kind that sends pictures to a server."""

from __future__ import annotations

from typing import Protocol


class RemoteOptions(Protocol):
    """Limits, budgets and price. The names are those of the keys in the settings, but for the last two."""

    @property
    def daily_budget(self) -> int | None:
        """Pictures that may be sent in a day (UTC); None: no limit."""
        ...

    @property
    def requests_per_second(self) -> float:
        """Limit of requests in any second."""
        ...

    @property
    def in_flight(self) -> int:
        """Limit of parallel requests."""
        ...

    @property
    def batch(self) -> int:
        """Pictures in a request."""
        ...

    @property
    def patience_seconds(self) -> float:
        """How long a run retries while the server is busy."""
        ...

    @property
    def top(self) -> int:
        """Labels for each picture or region."""
        ...

    @property
    def monthly_limit(self) -> int | None:
        """Pictures that may be sent in a calendar month (UTC); None: no limit."""
        ...

    @property
    def picture_price(self) -> float | None:
        """The price of one picture sent to one model, in any currency; 0: it is free, None: unknown."""
        ...
