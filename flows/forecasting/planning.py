"""Picture files as planned posts: their labels, and the forecasts of both measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from flows.environment import prepare
from flows.forecasting.lanes import local_lanes
from flows.settings import Settings
from tasks.errors import BadInput
from tasks.forecast.labelling import LabelledFile, label_files, open_classifiers, read_stored
from tasks.forecast_model import Forecast, ForecastModel, Measure, plan_post


@dataclass(frozen=True, slots=True)
class Plan:
    """The post that a picture would be: whose, of which kind, and when (UTC)."""

    source: str
    account: str
    kind: str
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class PictureForecast:
    """A picture's labels by classifier, and its forecast for each measure."""

    file: Path
    labels: dict[str, list[str]]
    forecasts: dict[Measure, Forecast]


def label_candidates(
    settings: Settings,
    database: duckdb.DuckDBPyConnection,
    models: Sequence[ForecastModel],
    files: Sequence[Path],
) -> list[LabelledFile]:
    """The files with the labels of the models' classifiers, in their order.

    Raises `BadInput` and `ClassifierUnavailable` as `open_classifiers`.
    """
    versions: dict[str, str] = {}
    for model in models:
        for name, version in model.info.classifiers.items():
            if versions.setdefault(name, version) != version:
                raise BadInput(
                    f"The models of likes and comments were trained on two versions of {name}. Train both again:"
                    " `likelens forecast --train`."
                )
    found = read_stored(database, versions, files)
    if others := [file for file in files if file not in found]:
        if versions:
            prepare(settings.home.folder)
        classifiers = open_classifiers(settings.home, local_lanes(settings), versions, pictures=len(others))
        found |= {one.file: one for one in label_files(classifiers, versions, others)}
    return [found[file] for file in files]


def forecast_pictures(
    database: duckdb.DuckDBPyConnection,
    models: Sequence[ForecastModel],
    plan: Plan,
    labelled: Sequence[LabelledFile],
    now: datetime,
) -> list[PictureForecast]:
    """The forecasts of readable pictures, each as a post of its own."""
    planned = [plan_post(plan, one.labels) for one in labelled]
    by_measure = {model.info.measure: model.predict(database, planned, known_at=now) for model in models}
    return [
        PictureForecast(
            one.file, one.labels, {measure: found[place] for measure, found in by_measure.items()}
        )
        for place, one in enumerate(labelled)
    ]
