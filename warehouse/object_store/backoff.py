"""Growing delays between the attempts of one request."""

from __future__ import annotations

import random
import time

FIRST_SECONDS = 0.1
MAX_SECONDS = 5.0


class Backoff:
    """Delays that double from `FIRST_SECONDS` to `MAX_SECONDS`, until `seconds` have passed since it was created.

    Each is shortened at random by up to half, so that clients that failed together do not come back together.
    """

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self._delay = FIRST_SECONDS

    def wait(self) -> bool:
        """Sleep before the next attempt; False, at once, where there is no time for one."""
        if time.monotonic() + self._delay > self._until:
            return False
        time.sleep(self._delay * random.uniform(0.5, 1.0))
        self._delay = min(2 * self._delay, MAX_SECONDS)
        return True
