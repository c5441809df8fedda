"""The task rank: the top labels of each classifier by likes, comments and count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State

from tasks.run import HOUR, STAGE, Run, run_stage
from warehouse.empty_rankings import why_empty
from warehouse.publish import published
from warehouse.rankings import Question
from warehouse.rankings import rank as answer
from warehouse.runs import StageResult


@task(name="rank", task_run_name="rank", timeout_seconds=HOUR, **STAGE)
def rank(run: Run, questions: Sequence[Question]) -> State[Any]:
    """Answer the questions; each answer is a CSV file beside the report and an artifact in Prefect's UI."""

    def body() -> StageResult:
        folder = run.home.report
        folder.mkdir(parents=True, exist_ok=True)
        for question in questions:
            ranking = answer(run.home, question)
            ranking.write_csv(folder / f"{question.stem}.csv")
            create_table_artifact(
                key=re.sub(r"[^a-z0-9]+", "-", f"top-{question.stem}".lower()).strip("-"),
                table=ranking.to_dicts(),
                description=_description(run, question, empty=ranking.is_empty()),
            )
        return StageResult("done", len(questions))

    return run_stage(run, "rank", "", body)


def _description(run: Run, question: Question, *, empty: bool) -> str:
    """What the artifact shows, and why it shows nothing."""
    what = f"Labels of {question.classifier} by {question.by}, {question.statistic} per post"
    if not empty:
        return what
    with published(run.home) as database:
        return f"{what}. Empty: {why_empty(database, question)}"
