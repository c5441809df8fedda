"""How many requests a second, and the pauses that a service asks for."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

MARGIN = 0.04
"""Part of a second by which requests may bunch up on their way: so much longer each second is made."""
EVENLY = 0.8
"""Requests keep this part of their even distance, so that catching up is no burst."""


class RateLimiter:
    """Lets at most `per_second` requests go in any second, and none during a pause."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        whole = max(1, int(per_second))
        self._window = (whole / per_second) * (1.0 + MARGIN)
        self._gap = EVENLY / per_second
        self._gone: deque[float] = deque(maxlen=whole)
        self._held_until = 0.0
        self._clock = clock

    def delay(self) -> float:
        """Seconds until the next request may go; 0 when it may go now."""
        now = self._clock()
        earliest = self._held_until
        if self._gone:
            earliest = max(earliest, self._gone[-1] + self._gap)
        if len(self._gone) == self._gone.maxlen:
            earliest = max(earliest, self._gone[0] + self._window)
        return max(0.0, earliest - now)

    def go(self) -> float:
        """Note that a request goes now; returns the time."""
        now = self._clock()
        self._gone.append(now)
        return now

    def hold(self, seconds: float) -> None:
        """Let none go for so long from now on."""
        self._held_until = max(self._held_until, self._clock() + seconds)

    @property
    def held(self) -> bool:
        """Whether a pause is on."""
        return self._clock() < self._held_until
