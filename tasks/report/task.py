"""The task report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State

from tasks.progress import show_progress
from tasks.report.chart_artifacts import chart_artifacts
from tasks.report.forecast.content import ForecastSettings
from tasks.report.stage import write_report
from tasks.run import HOUR, STAGE, Run, run_stage
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.records.runs import StageResult


@task(name="report", task_run_name="report", timeout_seconds=HOUR, **STAGE)
def report(
    run: Run,
    questions: Sequence[RankingQuery],
    note: str | None,
    *,
    quote: bool = False,
    forecasts: ForecastSettings | None = None,
) -> State[Any]:
    """Draw the chart of each ranking, write the page, and show the charts by lift in Prefect's pages.

    `quote` says whether the page may have texts of comments, `forecasts` which models and candidates it shows.
    """

    def body() -> StageResult:
        with show_progress("draw charts") as show:
            write_report(run.home, questions, note, show, quote=quote, forecasts=forecasts)
        for key, text, description in chart_artifacts(run.home, questions):
            create_markdown_artifact(text, key=key, description=description)
        return StageResult("done", len(questions))

    return run_stage(run, "report", "", body)
