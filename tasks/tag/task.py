"""The task tag: one lane of a classifier that sends pictures to a server."""

from __future__ import annotations

from typing import Any

from prefect import task
from prefect.client.schemas.objects import State

from tasks.progress import show_progress
from tasks.run import HOUR, STAGE, Run, run_stage
from tasks.tag.stage import Tagging, tag_pictures
from warehouse.records.pending import count_pictures
from warehouse.records.runs import StageResult


@task(name="tag", task_run_name="tag {tagging.name}", timeout_seconds=24 * HOUR, **STAGE)
def tag(run: Run, tagging: Tagging) -> State[Any]:
    """Send the pictures that the lane's models have not labelled, within the budgets."""

    def body() -> StageResult:
        if not count_pictures(run.home.lake):
            return StageResult("done", message="there are no pictures yet")
        with show_progress(f"tag {tagging.name}") as progress:
            return tag_pictures(run.home, tagging, progress)

    return run_stage(run, "tag", tagging.name, body)
