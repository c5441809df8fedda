"""Train a forecast model: from the published database to a stored model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import duckdb

from tasks.forecast.model import ForecastInfo, Measure
from warehouse.home import Home


@dataclass(frozen=True, slots=True)
class ForecastOptions:
    """How a model is trained.

    `time_zone` is that of weekdays and hours, as for rankings; `classifiers` are those whose labels the model may use,
    None for all that label pictures.
    """

    time_zone: str = "UTC"
    classifiers: tuple[str, ...] | None = None


def train(
    home: Home,
    database: duckdb.DuckDBPyConnection,
    measure: Measure,
    options: ForecastOptions,
    progress: Callable[[int, int], None],
) -> ForecastInfo:
    """Train a model on all posts of comparable age, store it in `HOME/forecast/{measure}/`, and return its description.

    `progress` gets done and total steps. With too few posts the stored model forecasts the account's usual (method
    `median`, verdict `too few posts`); this is no error. `database` is an open published database.
    """
    raise NotImplementedError
