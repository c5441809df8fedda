"""The ways to forecast, fitted to all posts or to those before a time or of other accounts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tasks.forecast.boosting import MAX_BOOSTED_POSTS, Trees, grow_trees
from tasks.forecast.design import Bools, Columns, Design, Floats
from tasks.forecast.folds import FOLDS, Folds
from tasks.forecast.ridge import Ridge, Scaling, Sums, find_scaling, solve, sum_products
from warehouse.forecast.features import FEATURES


@dataclass(frozen=True, slots=True)
class Candidate:
    """A way to forecast: the method, and what it sees.

    `features` sees no labels, `classifiers` sees which classifiers labelled a post, and `labels` sees the labels too.
    """

    method: Literal["ridge", "boosting"]
    inputs: Literal["features", "classifiers", "labels"]


@dataclass(frozen=True, slots=True)
class FittedRatio:
    """A fitted candidate: the log ratio of a post to its usual count.

    `shift` is added to it, because the ridge fits means of winsorised outcomes, and a forecast is a median.
    """

    scaling: Scaling
    ridge: Ridge
    trees: Trees | None
    shift: float

    def predict(self, columns: Columns) -> Floats:
        """The log ratio of each post."""
        if self.trees is None:
            return self.ridge.predict(self.scaling, columns) + self.shift
        return self.trees.predict(_tree_columns(columns, self.ridge.score(columns))) + self.shift

    def remove(self, columns: Columns, scores: Floats) -> Floats:
        """By how much the log ratio of one post is higher than with a label score that is lower by each of `scores`."""
        if self.trees is None:
            return scores
        with_all = np.repeat(_tree_columns(columns, self.ridge.score(columns)), len(scores) + 1, axis=0)
        with_all[1:, -1] -= scores
        forecasts = self.trees.predict(with_all)
        differences: Floats = forecasts[0] - forecasts[1:]
        return differences


class Workbench:
    """A design with its folds; it fits candidates to parts of the posts."""

    def __init__(self, design: Design, folds: Folds) -> None:
        self.design = design
        self.folds = folds
        self.scaling = find_scaling(design.columns.dense)
        self.width = design.columns.dense.shape[1] + 1

    def sums(self, chosen: Bools) -> Sums:
        """The sums over the chosen posts."""
        return sum_products(self.design.columns, self.design.target, self.scaling, chosen)

    def fit(self, candidate: Candidate, chosen: Bools, sums: Sums) -> FittedRatio:
        """Fit a candidate to the chosen posts, whose sums are given."""
        ridge = solve(sums, self.width, self._used(candidate, sums))
        rows = np.flatnonzero(chosen)[-MAX_BOOSTED_POSTS:]
        columns = self.design.columns[rows]
        trees = None
        if candidate.method == "boosting":
            score = (
                self._unseen_scores(chosen, sums)[rows]
                if candidate.inputs == "labels"
                else np.zeros(len(rows))
            )
            trees = grow_trees(_tree_columns(columns, score), self.design.target[rows])
        fitted = FittedRatio(self.scaling, ridge, trees, 0.0)
        shift = float(np.median(self.design.ratio[rows] - fitted.predict(columns)))
        return FittedRatio(self.scaling, ridge, trees, shift)

    def predict_time(self, candidates: tuple[Candidate, ...], parts: range) -> dict[Candidate, Floats]:
        """The forecasts of these parts of time, each from the posts before it; NaN where there are none."""
        forecasts = {candidate: np.full(len(self.design), np.nan) for candidate in candidates}
        for part in parts:
            train, test = self.folds.train_before(part), self.folds.time == part
            if train.any() and test.any():
                sums = self.sums(train)
                for candidate in candidates:
                    forecasts[candidate][test] = self.fit(candidate, train, sums).predict(
                        self.design.columns[test]
                    )
        return forecasts

    def predict_accounts(self, candidate: Candidate, total: Sums, progress: Callable[[], None]) -> Floats:
        """The forecast of each post from the posts of other accounts. `total` are the sums over all posts."""
        forecasts = np.full(len(self.design), np.nan)
        for group in range(FOLDS):
            test = self.folds.accounts == group
            if test.any() and not test.all():
                fitted = self.fit(candidate, ~test, total - self.sums(test))
                forecasts[test] = fitted.predict(self.design.columns[test])
            progress()
        return forecasts

    def _used(self, candidate: Candidate, sums: Sums) -> int:
        """The number of columns that a candidate sees, with the intercept."""
        if candidate.inputs == "labels":
            return len(sums.targets)
        return self.width if candidate.inputs == "classifiers" else 1 + len(FEATURES)

    def _unseen_scores(self, chosen: Bools, sums: Sums) -> Floats:
        """The score of the labels of each chosen post, by a ridge without its part of time."""
        scores = np.zeros(len(self.design))
        for part in range(FOLDS):
            rows = chosen & (self.folds.time == part)
            if rows.any():
                ridge = solve(sums - self.sums(rows), self.width, len(sums.targets))
                scores[rows] = ridge.score(self.design.columns[rows])
        return scores


def _tree_columns(columns: Columns, score: Floats) -> Floats:
    """The features and the score of the labels, which is 0 for a model without labels."""
    return np.column_stack([columns.dense[:, : len(FEATURES)].astype(np.float64), score])
