"""Progress that a person can see: a Prefect artifact, and a bar where standard error is a terminal."""

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

EVERY_SECONDS = 2.0
"""How often the artifact is brought up to date: each time is a request to Prefect's server."""

Tell = Callable[[int, int], None]
"""Called with the number of items done and the number of all; 0 of all means that it is not known."""


@contextmanager
def shown_progress(title: str) -> Iterator[Tell]:
    """A function to tell progress to, for the time of a stage."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    artifact = create_progress_artifact(progress=0.0, description=title)
    assert isinstance(artifact, UUID)
    told_at = time.monotonic()
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not sys.stderr.isatty()) as bars:
        bar = bars.add_task(title, total=None)

        def tell(done: int, total: int) -> None:
            nonlocal told_at
            bars.update(bar, completed=done, total=total or None)
            if total and time.monotonic() - told_at > EVERY_SECONDS:
                told_at = time.monotonic()
                update_progress_artifact(artifact, progress=100.0 * done / total)

        yield tell
    update_progress_artifact(artifact, progress=100.0)
