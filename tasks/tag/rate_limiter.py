"""The number of requests per second, and pauses in which none is sent."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

WINDOW_MARGIN = 0.04
"""The window is longer than a second by this part, because requests can bunch up on the network."""
SPACING = 0.8
"""Requests keep this part of their even distance, so that catching up makes no burst."""


class RateLimiter:
    """Allows at most `per_second` requests in any second, and none during a pause."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        in_window = max(1, int(per_second))
        self._window = (in_window / per_second) * (1.0 + WINDOW_MARGIN)
        self._gap = SPACING / per_second
        self._sent: deque[float] = deque(maxlen=in_window)
        self._paused_until = 0.0
        self._clock = clock

    def delay(self) -> float:
        """Seconds until the next request is allowed; 0 when it is allowed now."""
        now = self._clock()
        earliest = self._paused_until
        if self._sent:
            earliest = max(earliest, self._sent[-1] + self._gap)
        if len(self._sent) == self._sent.maxlen:
            earliest = max(earliest, self._sent[0] + self._window)
        return max(0.0, earliest - now)

    def record_request(self) -> float:
        """Record that a request is sent now; returns the time."""
        now = self._clock()
        self._sent.append(now)
        return now

    def pause(self, seconds: float) -> None:
        """Allow no request for that long from now on."""
        self._paused_until = max(self._paused_until, self._clock() + seconds)

    @property
    def is_paused(self) -> bool:
        """Whether a pause is in progress."""
        return self._clock() < self._paused_until
