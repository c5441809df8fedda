"""The task rank: the top labels of each classifier by likes, comments and count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State

from tasks.markdown import MAX_TEXT, escape
from tasks.rank.readable import readable_rows
from tasks.rank.stage import write_rankings
from tasks.run import HOUR, STAGE, Run, run_stage
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.records.runs import StageResult


@task(name="rank", task_run_name="rank", timeout_seconds=HOUR, **STAGE)
def rank(run: Run, questions: Sequence[RankingQuery]) -> State[Any]:
    """Write each ranking as a CSV file, and show it as an artifact in Prefect's UI."""

    def body() -> StageResult:
        for question, ranking, description in write_rankings(run.home, questions):
            create_table_artifact(
                key=re.sub(r"[^a-z0-9]+", "-", f"top-{question.stem}".lower()).strip("-"),
                table=readable_rows(ranking, question),
                description=escape(description, MAX_TEXT),
            )
        return StageResult("done", len(questions))

    return run_stage(run, "rank", "", body)
