"""The task report: the charts and the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prefect import task
from prefect.client.schemas.objects import State

from tasks.progress import shown_progress
from tasks.report.writing import write_report
from tasks.stage import HOUR, STAGE, Night, run_stage
from warehouse.rankings import Question
from warehouse.runs import Ended


@task(name="report", task_run_name="report", timeout_seconds=HOUR, **STAGE)
def report(night: Night, questions: Sequence[Question], note: str | None) -> State[Any]:
    """Draw each ranking and write the page."""

    def body() -> Ended:
        with shown_progress("draw charts") as tell:
            write_report(night.home, questions, note, tell)
        return Ended("done", len(questions))

    return run_stage(night, "report", "", body)
