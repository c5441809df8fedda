"""Limits of hosts that hold for several runs together, as the pipeline sees them: a run takes turns at such a host."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

TURN_SECONDS = 600.0
"""After this time a run releases a host for a moment, so that another run with few pictures does not wait for hours."""
YIELD_SECONDS = 6.0
"""That moment. Another run looks every three seconds whether the host is free."""


class HostTurns(Protocol):
    """Which hosts have such a limit, and the slots of these; see `tasks.slots.HostSlots`."""

    def read_limits(self) -> None:
        """Find out which hosts have a limit."""
        ...

    def hold(self, host: str) -> AbstractAsyncContextManager[bool] | None:
        """Hold a slot of the host for the time of the block; None: the host has no such limit.

        The block gets False if no slot became free.
        """
        ...


class NoTurns:
    """No host has such a limit."""

    def read_limits(self) -> None:
        """Nothing."""

    def hold(self, host: str) -> None:
        """No limit."""
