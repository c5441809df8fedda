"""A fitted model, and its forecasts of planned posts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import numpy as np

from tasks.forecast.candidates import FittedRatio
from tasks.forecast.conformal import Interval, scale_errors
from tasks.forecast.design import Columns, Floats
from tasks.forecast.planned import KnownPosts, LabelNames, read_known_posts
from tasks.forecast.usual import forecast_usual
from tasks.forecast_model import Forecast, ForecastInfo, LabelEffect, PlannedPost
from warehouse.forecast.features import FEATURES
from warehouse.forecast.posts import read_versions

_SURE = 1.96
"""Standard deviations on each side of a 95 % interval."""
MAX_DEVIATIONS = 3.0


@dataclass(frozen=True, slots=True)
class Intervals:
    """The intervals of scaled errors: of the forecast, and of the usual count; and the middle spread of all posts."""

    forecast: Interval
    usual: Interval
    spread: float


@dataclass(frozen=True, slots=True)
class FittedModel:
    """A model as `ForecastModel` describes it.

    `labels` are those whose coefficients `ratio` has; `deviations` are the coefficients' standard deviations. `ratio` is
    None where the forecast is the usual count. `intervals` is None with too few posts.
    """

    info: ForecastInfo
    labels: LabelNames
    ratio: FittedRatio | None
    deviations: Floats
    intervals: Intervals | None

    def predict(
        self, database: duckdb.DuckDBPyConnection, planned: Sequence[PlannedPost], *, known_at: datetime
    ) -> list[Forecast]:
        """One forecast for each planned post, in their order; as in `ForecastModel`."""
        if not planned:
            return []
        names, notes = self._current_labels(database)
        known = read_known_posts(database, planned, names, known_at, self.info.measure, self.info.time_zone)
        if self.intervals is None:
            return forecast_usual(known, self.info.measure)
        logs = self._predict_logs(known, self.intervals)
        return [self._describe(known, place, logs[place], notes) for place in range(len(planned))]

    def _current_labels(self, database: duckdb.DuckDBPyConnection) -> tuple[LabelNames, dict[str, str]]:
        """The labels without those of classifiers whose version is another one now, and a note for each of these."""
        current = read_versions(database) if self.info.classifiers else {}
        notes = {}
        for name, version in self.info.classifiers.items():
            if current.get(name) != version:
                now = f"is {current[name]} now" if name in current else "is gone"
                notes[name] = (
                    f"The forecast was trained with {name} {version}, which {now}: its labels are left out. Train the forecast"
                    " again."
                )
        return self.labels.without(frozenset(notes)), notes

    def _predict_logs(self, known: KnownPosts, intervals: Intervals) -> Floats:
        """For each post usual, its ends, median and its ends, in log(1 + count): (posts, 6)."""
        levels = known.features.levels
        scale = scale_errors(levels.spread, levels.known, intervals.spread)
        usual = levels.usual
        middle = (
            usual if self.ratio is None else usual + self.ratio.predict(_hold_gap(known.columns, self.ratio))
        )
        ends, own = intervals.usual, intervals.forecast
        return np.column_stack(
            [
                usual,
                usual + scale * ends.low,
                usual + scale * ends.high,
                middle + scale * own.median,
                middle + scale * own.low,
                middle + scale * own.high,
            ]
        )

    def _describe(self, known: KnownPosts, place: int, logs: Floats, notes: dict[str, str]) -> Forecast:
        if np.isnan(logs[0]):
            return known.without_usual(place, self.info.measure)
        counts = [max(0.0, float(np.expm1(value))) for value in logs]
        post = known.planned[place]
        own_notes = [notes[name] for name in notes if post.labels.get(name)]
        if self.info.classifiers and not any(post.labels.values()):
            own_notes.append(
                "No classifier has labelled it, so that the forecast knows nothing of what it shows."
            )
        return Forecast(
            usual=counts[0],
            usual_low=counts[1],
            usual_high=counts[2],
            median=counts[3],
            low=counts[4],
            high=counts[5],
            effects=self._find_effects(known, place),
            notes=(*known.notes(place), *own_notes),
        )

    def _find_effects(self, known: KnownPosts, place: int) -> tuple[LabelEffect, ...]:
        if self.ratio is None or not len(self.deviations):
            return ()
        columns = known.columns[place : place + 1]
        numbers = columns.labels.indices
        coefficients, away = self.ratio.ridge.labels[numbers], _SURE * self.deviations[numbers]
        scores = np.concatenate([coefficients, coefficients - away, coefficients + away])
        factors = np.exp(self.ratio.remove(columns, scores)).reshape(3, -1)
        effects = [
            LabelEffect(
                classifier=self.labels.classifiers[number],
                label=self.labels.labels[number],
                factor=float(factor),
                low=float(min(low, high)),
                high=float(max(low, high)),
                posts=self.labels.posts[number],
            )
            for number, (factor, low, high) in zip(numbers, factors.T, strict=True)
        ]
        return tuple(sorted(effects, key=lambda one: -abs(np.log(one.factor))))


def _hold_gap(columns: Columns, ratio: FittedRatio) -> Columns:
    """The columns with gaps of at most three standard deviations from the mean.

    A planned post comes days after the last one. Beyond the gaps that it was learned from, a straight line would give an
    account that posts every day half as much again after a pause of two weeks.
    """
    gap = FEATURES.index("gap")
    middle, away = ratio.scaling.means[gap], MAX_DEVIATIONS * ratio.scaling.scales[gap]
    dense = columns.dense.copy()
    dense[:, gap] = np.clip(dense[:, gap], middle - away, middle + away)
    return Columns(dense, columns.labels)
