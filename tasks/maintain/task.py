"""The task maintain."""

from __future__ import annotations

from typing import Any

from prefect import task
from prefect.client.schemas.objects import State

from tasks.maintain.options import MaintainOptions
from tasks.maintain.stage import maintain_home
from tasks.progress import show_progress
from tasks.run import HOUR, STAGE, Run, run_stage
from warehouse.records.runs import StageResult

LIMIT_SECONDS = 12 * HOUR


@task(name="maintain", task_run_name="maintain", timeout_seconds=LIMIT_SECONDS, **STAGE)
def maintain(run: Run, options: MaintainOptions) -> State[Any]:
    """Maintain the home folder."""

    def body() -> StageResult:
        with show_progress("maintain") as progress:
            return maintain_home(run.home, options, progress)

    return run_stage(run, "maintain", "", body)
