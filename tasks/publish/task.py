"""The task publish."""

from __future__ import annotations

from typing import Any

from prefect import task
from prefect.client.schemas.objects import State

from tasks.publish.stage import publish_lake
from tasks.run import HOUR, STAGE, Run, run_stage
from warehouse.database.check_limits import CheckLimits


@task(name="publish", task_run_name="publish", timeout_seconds=HOUR, **STAGE)
def publish(run: Run, limits: CheckLimits, history_days: int) -> State[Any]:
    """Publish the current tables, unless a check fails."""
    return run_stage(run, "publish", "", lambda: publish_lake(run.home, limits, history_days))
