"""Train the models of likes and of comments on the published posts, from the command line."""

from __future__ import annotations

import sys

import duckdb

from flows.forecasting.lanes import forecast_options
from flows.forecasting.stored import MEASURES
from flows.settings import Settings
from tasks.forecast.model import ForecastInfo
from tasks.forecast.training import train


def train_models(settings: Settings, database: duckdb.DuckDBPyConnection) -> list[ForecastInfo]:
    """Train and store both models; a line on standard error says so, because it takes up to minutes."""
    infos = []
    for measure in MEASURES:
        print(f"Training the forecast of {measure} …", file=sys.stderr, flush=True)
        infos.append(train(settings.home, database, measure, forecast_options(settings), _no_progress))
    return infos


def _no_progress(done: int, total: int) -> None:
    """The training of the command line takes too few seconds for more than a line."""
