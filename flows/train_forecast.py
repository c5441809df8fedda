"""The flow `train_forecast`: the models of likes and of comments, trained on all published posts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.errors import EXPECTED_ERRORS
from flows.forecasting.lanes import forecast_options, local_lanes
from flows.forecasting.stored import MEASURES
from flows.night_report import report_night
from flows.nightly import final_state
from flows.run_lifecycle import close_run, has_posts, open_run
from flows.run_names import name_train_forecast
from flows.settings import DEFAULT_FILE, check_limits, read_settings
from tasks.forecast.task import train_forecast as train_one
from tasks.publish.task import publish
from warehouse.records.runs import RUN_STAGE, StageResult


@flow(name="train_forecast", flow_run_name=name_train_forecast)
def train_forecast(config: str = DEFAULT_FILE) -> State[Any]:
    """Publish, and train both models. Too few posts are no failure: the models then know the account's usual alone."""
    try:
        settings = read_settings(Path(config))
        with open_run(settings, resume=False) as run:
            if not has_posts(run):
                run.journal.finish(RUN_STAGE, "", StageResult("done", message="There are no posts yet."))
                return Completed(message="There are no posts yet")
            if publish(
                run, check_limits(settings), settings.store.history_days, return_state=True
            ).is_completed():
                for measure in MEASURES:
                    train_one(
                        run, measure, forecast_options(settings), local_lanes(settings), return_state=True
                    )
            result = close_run(run)
            report_night(run, settings, result, "train-forecast")
            return Completed(message="Trained") if result.status == "done" else final_state(result)
    except EXPECTED_ERRORS as error:
        return Failed(message=str(error))
