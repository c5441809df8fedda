"""The one way in which stages report how far they are: to Prefect's artifact, and to a view on a terminal.

`tasks.run.run_stage` reports the start and the end of each stage, `tasks.progress.show_progress` its numbers. A
`Watcher` sees both. The methods of a watcher are called in the threads of the stages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from warehouse.records.runs import StageResult

Report = Callable[[int, int], None]
"""A function of the number of finished items and the total; a total of 0 is unknown."""


@dataclass(frozen=True, slots=True)
class StageName:
    """A stage, and its lane where it has one: the source, or the classifier."""

    stage: str
    lane: str = ""

    def __str__(self) -> str:
        """The name as messages and the summary show it."""
        return f"{self.stage} {self.lane}".strip()


class Watcher(Protocol):
    """What shows the progress of a run; none of its methods may raise."""

    def start(self, name: StageName) -> None:
        """A stage starts, or starts again after a retry."""

    def advance(self, name: StageName, done: int, total: int) -> None:
        """A stage has finished `done` items of `total`; a total of 0 is unknown."""

    def retry(self, name: StageName, message: str) -> None:
        """A stage failed and is retried soon."""

    def end(self, name: StageName, result: StageResult) -> None:
        """A stage ended."""


_watchers: list[Watcher] = []
_running: ContextVar[StageName | None] = ContextVar("running_stage", default=None)


@contextmanager
def watch(watcher: Watcher) -> Iterator[None]:
    """Let a watcher see the stages of this process, for the duration of the block."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


@contextmanager
def report_stage(name: StageName) -> Iterator[None]:
    """Report that a stage starts; `current_report` in the block is for it."""
    before = _running.set(name)
    for watcher in tuple(_watchers):
        watcher.start(name)
    try:
        yield
    finally:
        _running.reset(before)


def current_report() -> Report:
    """A function that reports the progress of the running stage; without one it does nothing."""
    name = _running.get()

    def report(done: int, total: int) -> None:
        if name is not None:
            for watcher in tuple(_watchers):
                watcher.advance(name, done, total)

    return report


def report_retry(name: StageName, message: str) -> None:
    """Report that a stage failed and is retried."""
    for watcher in tuple(_watchers):
        watcher.retry(name, message)


def report_end(name: StageName, result: StageResult) -> None:
    """Report the result of a stage."""
    for watcher in tuple(_watchers):
        watcher.end(name, result)
