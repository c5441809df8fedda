"""The tasks forecast and train_forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args

from prefect import task
from prefect.client.schemas.objects import State

from tasks.forecast.labelling import Lane
from tasks.forecast.quick_start import make_copies
from tasks.forecast.recording import CandidateJob, record_forecasts
from tasks.forecast.storage import load_models, read_info
from tasks.forecast.training import ForecastOptions, train
from tasks.forecast_model import Measure
from tasks.progress import show_progress
from tasks.run import HOUR, STAGE, Run, run_stage
from warehouse.database.publish import publish
from warehouse.published import published
from warehouse.records.runs import StageResult


@task(name="forecast", task_run_name="forecast", timeout_seconds=HOUR, **STAGE)
def forecast(
    run: Run, measures: Sequence[Measure], job: CandidateJob | None, lanes: Sequence[Lane]
) -> State[Any]:
    """Write forecasts of new posts and of candidate pictures, and publish them.

    `measures` are those with a stored model, `lanes` the classifiers that can label a candidate.
    """

    def body() -> StageResult:
        models, problems = load_models(run.home, measures)
        with show_progress("forecast") as progress, published(run.home) as database:
            result = record_forecasts(run.home, database, models, job, lanes, datetime.now(UTC), progress)
        if result.items:
            # The report of this run shows the candidates.
            publish(run.home)
        return replace(result, message=" ".join(filter(None, [*problems, result.message])))

    return run_stage(run, "forecast", "", body)


@task(name="train_forecast", task_run_name="train_forecast {measure}", timeout_seconds=4 * HOUR, **STAGE)
def train_forecast(run: Run, measure: Measure, options: ForecastOptions, lanes: Sequence[Lane]) -> State[Any]:
    """Train the model of a measure on the published posts, and store it in place of the one before.

    `lanes` are the classifiers that can label a picture before it is posted.
    """

    def body() -> StageResult:
        before = read_info(run.home, measure)
        others = [info for other in get_args(Measure) if (info := read_info(run.home, other)) is not None]
        with show_progress(f"train forecast {measure}") as progress, published(run.home) as database:
            info = train(run.home, database, measure, options, progress)
            notes = make_copies(run.home, database, lanes, [*others, info])
        same = " It is the same as before." if before and before.version == info.version else ""
        message = " ".join([f"{info.verdict}, method {info.method}.{same}", *notes])
        return StageResult("done", info.posts, message=message, version=info.version)

    return run_stage(run, "train_forecast", measure, body)
