"""The stages of a run for a view: each with its state, its numbers and its times."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from tasks.stage_events import StageName
from warehouse.records.runs import StageResult

WAITING, RUNNING, RETRYING, STOPPED = "waiting", "running", "retrying", "stopped"
"""States of a row without a result; the others are those of `StageResult`."""


@dataclass(slots=True)
class Row:
    """One stage. Times are seconds of a monotonic clock; `total` 0 is unknown."""

    name: StageName
    state: str = WAITING
    done: int = 0
    total: int = 0
    message: str = ""
    started_at: float | None = None
    ended_at: float | None = None
    _first: tuple[float, int] | None = None
    _last: tuple[float, int] | None = None

    def advance(self, done: int, total: int, now: float) -> None:
        """Record finished items. The rate begins with the first ones: loading a model takes longer than a picture."""
        self.done, self.total = done, total
        self._first = self._first or (now, done)
        self._last = (now, done)

    @property
    def rate(self) -> float | None:
        """Items in a second, from the first report to the last one; None before two of them differ."""
        if self._first is None or self._last is None:
            return None
        seconds, items = self._last[0] - self._first[0], self._last[1] - self._first[1]
        return items / seconds if seconds > 0 and items > 0 else None

    def seconds_left(self, now: float) -> float | None:
        """Seconds until the total at the same rate; None where it is not known."""
        if self.rate is None or self._last is None or not self.total:
            return None
        return max(0.0, (self.total - self.done) / self.rate - (now - self._last[0]))

    def seconds(self, now: float) -> float | None:
        """Seconds since the start, or those that the stage took; None before it."""
        if self.started_at is None:
            return None
        return (self.ended_at or now) - self.started_at


class StageRows:
    """A `Watcher`: the rows of a run in the order of its stages, and the last line of its log."""

    def __init__(self, planned: Iterable[StageName]) -> None:
        self._rows = {name: Row(name) for name in planned}
        self._lock = threading.Lock()
        self.started_at = time.monotonic()
        self.last_line = ""

    def start(self, name: StageName) -> None:
        """Show a stage as running."""
        with self._lock:
            self.last_line = ""  # of another stage
            row = self._rows[name] = Row(name, RUNNING)
            row.started_at = time.monotonic()

    def advance(self, name: StageName, done: int, total: int) -> None:
        """Show the finished items of a stage."""
        with self._lock:
            self._rows[name].advance(done, total, time.monotonic())

    def retry(self, name: StageName, message: str) -> None:
        """Show that a stage is retried, and why."""
        with self._lock:
            self._rows[name].state, self._rows[name].message = RETRYING, message

    def end(self, name: StageName, result: StageResult) -> None:
        """Show a stage's result."""
        with self._lock:
            row = self._rows.setdefault(name, Row(name))
            row.state, row.message, row.done, row.total = result.status, result.message, result.items, 0
            row.ended_at = time.monotonic()

    def stop(self) -> None:
        """Show the stages that run as stopped: the run was interrupted, or failed in between."""
        with self._lock:
            for row in self._rows.values():
                if row.state in (RUNNING, RETRYING):
                    row.state, row.ended_at = STOPPED, time.monotonic()

    def snapshot(self) -> list[Row]:
        """The rows as they are now."""
        with self._lock:
            return list(self._rows.values())
