"""Progress of a stage for people: an artifact in Prefect's pages, and what watches the run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

from tasks.stage_events import Report, current_report

UPDATE_SECONDS = 2.0
"""How often the artifact is updated: each update is a request to Prefect's server."""


@contextmanager
def show_progress(title: str) -> Iterator[Report]:
    """A function that reports progress, for the duration of a stage."""
    artifact = create_progress_artifact(progress=0.0, description=title)
    assert isinstance(artifact, UUID)
    updated_at = time.monotonic()
    watchers = current_report()

    def report(done: int, total: int) -> None:
        nonlocal updated_at
        watchers(done, total)
        if total and time.monotonic() - updated_at > UPDATE_SECONDS:
            updated_at = time.monotonic()
            update_progress_artifact(artifact, progress=100.0 * done / total)

    yield report
    update_progress_artifact(artifact, progress=100.0)
