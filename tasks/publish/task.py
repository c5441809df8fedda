"""The task publish: small files merged, then the new database in place of the old."""

from __future__ import annotations

from typing import Any

from prefect import task
from prefect.client.schemas.objects import State

from tasks.run import HOUR, STAGE, Run, run_stage
from warehouse.pending import count_posts
from warehouse.publish import publish as publish_database
from warehouse.runs import StageResult


@task(name="publish", task_run_name="publish", timeout_seconds=HOUR, **STAGE)
def publish(run: Run) -> State[Any]:
    """Publish what the lake holds now."""

    def body() -> StageResult:
        run.home.lake.tidy()
        publish_database(run.home)
        return StageResult("done", count_posts(run.home.lake), message=str(run.home.database))

    return run_stage(run, "publish", "", body)
