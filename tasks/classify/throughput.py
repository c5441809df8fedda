"""How fast a lane is, and how long it will take, in words."""

from __future__ import annotations

from collections import deque

PORTIONS = 10
"""The pace is that of the last so many portions: the start, with its warming up, is forgotten."""


class Throughput:
    """Pictures a second, from the times (in seconds) at which so many were done."""

    def __init__(self, begun: float) -> None:
        self._marks: deque[tuple[float, int]] = deque([(begun, 0)], maxlen=PORTIONS + 1)

    def done(self, at: float, pictures: int) -> None:
        """Note how many are done in all."""
        self._marks.append((at, pictures))

    def told(self, total: int) -> str:
        """Such as '27.9 a second, about 35 minutes left'; empty while nothing is known."""
        (begun, before), (at, done) = self._marks[0], self._marks[-1]
        if at <= begun or done <= before:
            return ""
        rate = (done - before) / (at - begun)
        left = max(0, total - done) / rate
        return f"{rate:,.1f} a second" + (f", about {_in_words(left)} left" if total > done else "")


def _in_words(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"
