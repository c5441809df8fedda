"""The task fetch: every picture that waits."""

from __future__ import annotations

from typing import Any

from prefect import task
from prefect.client.schemas.objects import State

from tasks.fetch.download import Manner
from tasks.fetch.fetching import fetch_pictures
from tasks.progress import shown_progress
from tasks.stage import HOUR, STAGE, Night, run_stage
from warehouse.runs import Ended


@task(name="fetch", task_run_name="fetch", timeout_seconds=12 * HOUR, **STAGE)
def fetch(night: Night, manner: Manner) -> State[Any]:
    """Fetch the pictures that are not stored yet."""

    def body() -> Ended:
        with shown_progress("fetch pictures") as tell:
            return fetch_pictures(night.home, manner, tell)

    return run_stage(night, "fetch", "", body)
