"""How fast a lane is, and how much time remains."""

from __future__ import annotations

from collections import deque

PORTIONS = 10
"""The rate is that of the last so many portions, without the slow start."""


class Throughput:
    """Pictures per second, from the times (in seconds) at which portions were finished."""

    def __init__(self, started: float) -> None:
        self._marks: deque[tuple[float, int]] = deque([(started, 0)], maxlen=PORTIONS + 1)

    def record(self, at: float, pictures: int) -> None:
        """Record how many pictures are done in total."""
        self._marks.append((at, pictures))

    def describe(self, total: int) -> str:
        """Text such as '27.9 a second, about 35 minutes left'; empty before anything is done."""
        (started, before), (at, done) = self._marks[0], self._marks[-1]
        if at <= started or done <= before:
            return ""
        rate = (done - before) / (at - started)
        remaining = max(0, total - done) / rate
        return f"{rate:,.1f} a second" + (f", about {_duration(remaining)} left" if total > done else "")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"
