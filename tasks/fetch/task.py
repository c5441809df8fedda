"""The task fetch: all pending pictures."""

from __future__ import annotations

from typing import Any

from prefect import task
from prefect.client.schemas.objects import State

from tasks.fetch.download import FetchOptions
from tasks.fetch.stage import fetch_pictures
from tasks.progress import show_progress
from tasks.run import HOUR, STAGE, Run, run_stage
from warehouse.records.runs import StageResult


@task(name="fetch", task_run_name="fetch", timeout_seconds=12 * HOUR, **STAGE)
def fetch(run: Run, options: FetchOptions) -> State[Any]:
    """Fetch the pictures that are not stored yet."""

    def body() -> StageResult:
        with show_progress("fetch pictures") as report:
            return fetch_pictures(run.home, options, report)

    return run_stage(run, "fetch", "", body)
