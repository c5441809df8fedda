"""The posts of a training: their features, labels and outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from warehouse.forecast.features import Features
from warehouse.forecast.history import History
from warehouse.forecast.posts import PostLabels

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

WINSOR = 3.0
"""Outcomes further than so many standard deviations from their median count as so far; the deviation is 1.4826 times the
median distance from it."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What a model sees of posts.

    `dense` are the columns of `FEATURES`, and for each classifier whether it labelled the post, (posts, columns), float32;
    `labels` has a 1 for each label of a post, (posts, labels).
    """

    dense: NDArray[np.float32]
    labels: csr_matrix

    def __len__(self) -> int:
        return len(self.dense)

    def __getitem__(self, rows: Ints | Bools | slice) -> Columns:
        return Columns(self.dense[rows], self.labels[rows])


@dataclass(frozen=True, slots=True)
class Design:
    """Posts with a known outcome and a usual count, in the order of time.

    `ratio` is the outcome minus the usual count, in log, and `target` the same winsorised. `usual`, `spread` and `known`
    are those of `Levels`.
    """

    account: Ints
    posted_at: Ints
    columns: Columns
    usual: Floats
    spread: Floats
    known: Ints
    ratio: Floats
    target: Floats
    backfilled: Bools

    def __len__(self) -> int:
        return len(self.account)


def make_design(history: History, features: Features, outcomes: Floats, labels: PostLabels) -> Design:
    """The posts whose outcome and usual count are known."""
    levels = features.levels
    rows = np.flatnonzero(~np.isnan(outcomes) & ~np.isnan(levels.usual))
    rows = rows[np.argsort(history.posted_at[rows], kind="stable")]
    numbers, classifiers = number_classifiers(labels)
    matrix = label_matrix(labels.post, labels.label, len(history.account), len(numbers))[rows]
    ratio = outcomes[rows] - levels.usual[rows]
    return Design(
        account=history.account[rows],
        posted_at=history.posted_at[rows],
        columns=Columns(
            np.hstack([features.values[rows], labelled_by(matrix, numbers, len(classifiers))]), matrix
        ),
        usual=levels.usual[rows],
        spread=levels.spread[rows],
        known=levels.known[rows],
        ratio=ratio,
        target=winsorise(ratio),
        backfilled=levels.backfilled[rows],
    )


def number_classifiers(labels: PostLabels) -> tuple[Ints, list[str]]:
    """The number of the classifier of each label, and the names of the classifiers in alphabetical order."""
    names = labels.names["classifier"].to_list()
    classifiers = sorted(set(names))
    return np.array([classifiers.index(name) for name in names], np.int64), classifiers


def label_matrix(post: Ints, label: Ints, posts: int, labels: int) -> csr_matrix:
    """A matrix with a 1 for each post and label, (posts, labels), float32."""
    from scipy.sparse import csr_matrix

    return csr_matrix((np.ones(len(post), np.float32), (post, label)), shape=(posts, labels))


def labelled_by(matrix: csr_matrix, numbers: Ints, classifiers: int) -> NDArray[np.float32]:
    """Whether each classifier labelled a post, (posts, classifiers); `numbers` is the classifier of each label."""
    from scipy.sparse import csr_matrix

    ones = np.ones(len(numbers), np.float32)
    columns = csr_matrix((ones, (np.arange(len(numbers)), numbers)), shape=(len(numbers), classifiers))
    return np.asarray((matrix @ columns).todense() > 0, np.float32)


def winsorise(ratio: Floats) -> Floats:
    """The values, of which those far from the median are moved to its `WINSOR` standard deviations."""
    if not len(ratio):
        return ratio
    middle = np.median(ratio)
    away = WINSOR * 1.4826 * np.median(np.abs(ratio - middle))
    return np.clip(ratio, middle - away, middle + away) if away > 0 else ratio
