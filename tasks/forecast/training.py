"""Train a forecast model: from the published database to a stored model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import numpy as np
import polars as pl

from tasks.forecast.candidates import FittedRatio
from tasks.forecast.choice import STEPS, TOO_FEW, Choice, choose
from tasks.forecast.design import Design, make_design
from tasks.forecast.fitted import FittedModel, Intervals
from tasks.forecast.planned import LabelNames
from tasks.forecast.ridge import Ridge, Scaling
from tasks.forecast.storage import store_model
from tasks.forecast_model import ForecastInfo, Measure
from warehouse.forecast.features import FEATURES, features_of_history
from warehouse.forecast.posts import PostLabels, forecast_posts, read_history, read_labels, read_outcomes
from warehouse.home import Home

MIN_LABEL_POSTS = 10
MAX_LABELS = 2_000
"""The most frequent labels that a model knows: their products with each other take 32 MB, and a solution half a second."""


@dataclass(frozen=True, slots=True)
class ForecastOptions:
    """How a model is trained.

    `time_zone` is that of weekdays and hours, as for rankings; `classifiers` are those whose labels the model may use,
    None for all that label pictures.
    """

    time_zone: str = "UTC"
    classifiers: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class TrainingPosts:
    """The posts of a training.

    `labels` are in the order of their columns, outcomes count from an age of `outcome_days` on, and `accounts` has the
    columns `source` and `account` and a row for each number in `design.account`.
    """

    design: Design
    labels: PostLabels
    outcome_days: int
    accounts: pl.DataFrame


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
    return store_model(home, fit_model(database, measure, options, progress))


def fit_model(
    database: duckdb.DuckDBPyConnection,
    measure: Measure,
    options: ForecastOptions,
    progress: Callable[[int, int], None],
) -> FittedModel:
    """The model that `train` stores; its version is empty until then."""
    steps = iter(range(1, STEPS + 2))

    def advance() -> None:
        progress(next(steps, STEPS + 1), STEPS + 1)

    read = read_design(database, measure, options)
    design, labels = read.design, read.labels
    advance()
    choice = choose(design, read.outcome_days, advance)
    uses_labels = choice is not None and choice.uses_labels
    names = labels.names if uses_labels else labels.names.clear()
    known = LabelNames(tuple(names["classifier"]), tuple(names["label"]), tuple(names["posts"]))
    versions = {
        str(row[0]): str(row[1])
        for row in names.select("classifier", "version").unique().sort("classifier").rows()
    }
    info = _describe(design, choice, measure, versions, options.time_zone)
    progress(STEPS + 1, STEPS + 1)
    if choice is None:
        return FittedModel(info, known, None, np.empty(0), None)
    intervals = Intervals(choice.interval, choice.usual_interval, choice.usual_spread)
    ratio = choice.ratio if uses_labels or choice.ratio is None else _without_labels(choice.ratio)
    return FittedModel(info, known, ratio, choice.deviations, intervals)


def read_design(
    database: duckdb.DuckDBPyConnection, measure: Measure, options: ForecastOptions
) -> TrainingPosts:
    """Read the posts of a training."""
    with forecast_posts(database):
        history, times = read_history(database, measure, options.time_zone)
        outcomes, days = read_outcomes(database, measure)
        labels = read_labels(database, options.classifiers, least=MIN_LABEL_POSTS, most=MAX_LABELS)
    design = make_design(history, features_of_history(history, times), outcomes, labels)
    return TrainingPosts(design, labels, days, history.accounts)


def _without_labels(ratio: FittedRatio) -> FittedRatio:
    """The same fit without the columns of labels and classifiers, whose coefficients are 0."""
    number = len(FEATURES)
    scaling = Scaling(ratio.scaling.means[:number], ratio.scaling.scales[:number])
    return FittedRatio(scaling, Ridge(ratio.ridge.dense[: number + 1], np.empty(0)), ratio.trees, ratio.shift)


def _describe(
    design: Design, choice: Choice | None, measure: Measure, versions: dict[str, str], time_zone: str
) -> ForecastInfo:
    quality = TOO_FEW if choice is None else choice.quality
    times = (
        [datetime.fromtimestamp(int(second), UTC) for second in design.posted_at[[0, -1]]]
        if len(design)
        else []
    )
    return ForecastInfo(
        measure=measure,
        version="",
        method="median" if choice is None else choice.method,
        trained_at=datetime.now(UTC).replace(microsecond=0),
        posts=len(design),
        accounts=len(np.unique(design.account)),
        first_posted_at=times[0] if times else None,
        last_posted_at=times[-1] if times else None,
        classifiers=versions,
        time_zone=time_zone,
        skill_by_time=quality.skill_by_time,
        skill_by_account=quality.skill_by_account,
        label_skill=quality.label_skill,
        verdict=quality.verdict,
        coverage=quality.coverage,
        coverage_worst_tenth=quality.coverage_worst_tenth,
        spearman_within_accounts=quality.spearman_within_accounts,
        backfilled=float(design.backfilled.mean()) if len(design) else 0.0,
    )
