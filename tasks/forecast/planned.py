"""Planned posts as a model sees them: what is known of their accounts before they are posted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import numpy as np

from tasks.forecast.design import Columns, label_matrix, labelled_by
from tasks.forecast_model import Forecast, Measure, PlannedPost
from warehouse.forecast.features import Features, PlannedPosts, compute_features
from warehouse.forecast.history import History
from warehouse.forecast.levels import MIN_LEVEL_POSTS, last_known
from warehouse.forecast.posts import KINDS, forecast_posts, read_history, read_times


@dataclass(frozen=True, slots=True)
class LabelNames:
    """The labels of a model, each with its classifier, and the number of posts that it was learned from."""

    classifiers: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    posts: tuple[int, ...] = ()
    left_out: frozenset[str] = frozenset()

    def without(self, classifiers: frozenset[str]) -> LabelNames:
        """The same, of which those of these classifiers are found in no post."""
        return LabelNames(self.classifiers, self.labels, self.posts, classifiers)

    def make_columns(self, features: Features, planned: Sequence[PlannedPost]) -> Columns:
        """The columns of planned posts; labels that the model does not know are left out."""
        numbers = {
            key: place
            for place, key in enumerate(zip(self.classifiers, self.labels, strict=True))
            if key[0] not in self.left_out
        }
        found = sorted(
            {
                (place, numbers[classifier, label])
                for place, post in enumerate(planned)
                for classifier, labels in post.labels.items()
                for label in labels
                if (classifier, label) in numbers
            }
        )
        rows = np.array(found, np.int64).reshape(-1, 2)
        matrix = label_matrix(rows[:, 0], rows[:, 1], len(planned), len(self.labels))
        names = sorted(set(self.classifiers))
        which = np.array([names.index(name) for name in self.classifiers], np.int64)
        return Columns(np.hstack([features.values, labelled_by(matrix, which, len(names))]), matrix)


@dataclass(frozen=True, slots=True)
class KnownPosts:
    """Planned posts, the history of their accounts, and their columns. An unknown account has no usual count."""

    planned: Sequence[PlannedPost]
    history: History
    posts: PlannedPosts
    features: Features
    columns: Columns

    def without_usual(self, place: int, measure: Measure) -> Forecast:
        """The forecast of a post of an account with too few known counts: none, with the reason."""
        post = self.planned[place]
        rows = slice(place, place + 1)
        times = (self.posts.account[rows], self.posts.posted_at[rows], self.posts.cutoff[rows])
        number = int(np.sum(last_known(self.history, *times, MIN_LEVEL_POSTS)[1] >= 0))
        posts = {0: "No post", 1: "Only 1 post"}.get(number, f"Only {number} posts")
        note = (
            f"{posts} of {post.account} in the source {post.source} had a known number of {measure} at that time; a forecast"
            f" needs {MIN_LEVEL_POSTS}."
        )
        return Forecast(
            usual=None, usual_low=None, usual_high=None, median=None, low=None, high=None, notes=(note,)
        )

    def notes(self, place: int) -> tuple[str, ...]:
        """What the user should know about the usual count."""
        if not self.features.levels.backfilled[place]:
            return ()
        account = self.planned[place].account
        return (f"{account} was first observed after that time: its usual count is from later observations.",)


def read_known_posts(
    database: duckdb.DuckDBPyConnection,
    planned: Sequence[PlannedPost],
    names: LabelNames,
    known_at: datetime,
    measure: Measure,
    time_zone: str,
) -> KnownPosts:
    """Read the accounts of planned posts, with counts observed by `known_at` and before each post's own time."""
    accounts = sorted({(post.source, post.account) for post in planned})
    times = [post.posted_at.astimezone(UTC) for post in planned]
    with forecast_posts(database, accounts):
        history, history_times = read_history(database, measure, time_zone)
    local = read_times(database, [time.replace(tzinfo=None) for time in times], time_zone)
    numbers = {key: place for place, key in enumerate(history.accounts.iter_rows())}
    account = np.array([numbers.get((post.source, post.account), len(numbers)) for post in planned])
    posted_at = np.array([int(time.timestamp()) for time in times], np.int64)
    posts = PlannedPosts(
        account=account,
        posted_at=posted_at,
        cutoff=np.minimum(posted_at, int(known_at.timestamp())),
        kind=np.array([KINDS.index(post.kind) if post.kind in KINDS else 0 for post in planned]),
        times=local,
    )
    features = compute_features(history, history_times, posts)
    return KnownPosts(planned, history, posts, features, names.make_columns(features, planned))
