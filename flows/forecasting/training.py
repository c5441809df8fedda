"""Train the models of likes and of comments, and measure them for one account, from the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import duckdb

from flows.forecasting.lanes import forecast_options, local_lanes
from flows.forecasting.stored import MEASURES
from flows.printable import printable
from flows.settings import Settings
from tasks.forecast.account_quality import AccountQuality, measure_account
from tasks.forecast.quick_start import make_copies
from tasks.forecast.training import train
from tasks.forecast_model import ForecastInfo


def train_models(settings: Settings, database: duckdb.DuckDBPyConnection) -> list[ForecastInfo]:
    """Train and store both models, and make LiteRT copies of Keras classifiers whose labels they know.

    Lines on standard error say so, because it takes up to minutes.
    """
    infos = []
    for measure in MEASURES:
        print(f"Training the forecast of {measure} …", file=sys.stderr, flush=True)
        infos.append(train(settings.home, database, measure, forecast_options(settings), _no_progress))
    for note in make_copies(
        settings.home, database, local_lanes(settings), infos, retry=True, begin=_say_copy
    ):
        print(note, file=sys.stderr, flush=True)
    return infos


def _say_copy(classifier: str) -> None:
    print(
        f"Making a LiteRT copy of {classifier}, for forecasts of one picture …", file=sys.stderr, flush=True
    )


def measure_accounts(
    settings: Settings,
    database: duckdb.DuckDBPyConnection,
    infos: Sequence[ForecastInfo],
    source: str,
    account: str,
) -> dict[str, AccountQuality]:
    """What each forecast is worth for one account; empty for models of one account, whose own figures say it."""
    options = forecast_options(settings)
    qualities: dict[str, AccountQuality] = {}
    for info in infos:
        if info.accounts > 1 and info.skill_by_time is not None:
            print(
                f"Comparing the forecasts of {info.measure} for {printable(account)} …",
                file=sys.stderr,
                flush=True,
            )
            uses_labels = bool(info.classifiers)
            qualities[info.measure] = measure_account(
                database, info.measure, options, source, account, uses_labels=uses_labels
            )
    return qualities


def _no_progress(done: int, total: int) -> None:
    """The training of the command line takes too few seconds for more than a line."""
