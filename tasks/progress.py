"""Progress for people: a Prefect artifact, and a bar where standard error is a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

UPDATE_SECONDS = 2.0
"""How often the artifact is updated: each update is a request to Prefect's server."""

Report = Callable[[int, int], None]
"""A function of the number of finished items and the total; a total of 0 is unknown."""


@contextmanager
def show_progress(title: str) -> Iterator[Report]:
    """A function that reports progress, for the duration of a stage."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    artifact = create_progress_artifact(progress=0.0, description=title)
    assert isinstance(artifact, UUID)
    updated_at = time.monotonic()
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not sys.stderr.isatty()) as bars:
        bar = bars.add_task(title, total=None)

        def report(done: int, total: int) -> None:
            nonlocal updated_at
            bars.update(bar, completed=done, total=total or None)
            if total and time.monotonic() - updated_at > UPDATE_SECONDS:
                updated_at = time.monotonic()
                update_progress_artifact(artifact, progress=100.0 * done / total)

        yield report
    update_progress_artifact(artifact, progress=100.0)
