"""What is known of a post before it is posted, as numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from warehouse.forecast.history import Floats, History, Ints
from warehouse.forecast.levels import Levels, compute_levels
from warehouse.forecast.posts import PostTimes

FIRST_GAP_HOURS = 24 * 7
"""The gap of an account's first post, which has none before it."""
FEATURES = (
    "recent",
    "long",
    "mean_10",
    "mean_30",
    "trend",
    "spread",
    "gap",
    "carousel",
    "video",
    "carousels",
    "videos",
    "hour_cos",
    "hour_sin",
    "usual_hour_cos",
    "usual_hour_sin",
    *(f"weekday_{day}" for day in range(1, 8)),
)
"""The columns. `recent`, `long` and the means are differences from the usual count; `gap` is log(1 + hours) since the post
before; `carousels` and `videos` are shares in the last ten posts. The hour is an angle, and again one from the account's
usual hour: the circular mean of its posts before. Both are 0 for a post without an hour."""


@dataclass(frozen=True, slots=True)
class PlannedPosts:
    """Posts whose features are computed. Times are seconds, `cutoff` is until when counts are known."""

    account: Ints
    posted_at: Ints
    cutoff: Ints
    kind: Ints
    times: PostTimes


@dataclass(frozen=True, slots=True)
class Features:
    """The features, (posts, columns of `FEATURES`), float32, and the levels; NaN where an account has no usual count."""

    values: NDArray[np.float32]
    levels: Levels


def features_of_history(history: History, times: PostTimes) -> Features:
    """The features of the stored posts, each as it was known when it was posted."""
    posts = PlannedPosts(history.account, history.posted_at, history.posted_at, history.kind, times)
    return compute_features(history, times, posts)


def compute_features(history: History, history_times: PostTimes, posts: PlannedPosts) -> Features:
    """The features of posts that come after those of the history, or are among them."""
    levels = compute_levels(history, posts.account, posts.posted_at, posts.cutoff)
    before = history.posts_before(posts.account, posts.posted_at)
    first = history.account_starts[posts.account]
    last = history.posted_at[np.maximum(before - 1, 0)] if len(history.posted_at) else posts.posted_at
    hours = np.where(before > first, (posts.posted_at - last) / 3600, FIRST_GAP_HOURS)
    angle = posts.times.hour * (np.pi / 12)
    away = angle - _usual_angle(history_times, first, before)
    columns = [
        levels.recent - levels.usual,
        levels.long - levels.usual,
        levels.mean_10 - levels.usual,
        levels.mean_30 - levels.usual,
        levels.trend,
        levels.spread,
        np.log1p(np.maximum(hours, 0)),
        posts.kind == 1,
        posts.kind == 2,
        levels.carousels,
        levels.videos,
        *(np.nan_to_num(part) for part in (np.cos(angle), np.sin(angle), np.cos(away), np.sin(away))),
        *(posts.times.weekday == day for day in range(7)),
    ]
    values = np.empty((len(posts.account), len(FEATURES)), np.float32)
    for place, column in enumerate(columns):
        values[:, place] = column
    return Features(values, levels)


def _usual_angle(times: PostTimes, first: Ints, before: Ints) -> Floats:
    """The circular mean of the hours of an account's posts before; 0 where there are none."""
    angle = times.hour * (np.pi / 12)
    sums = []
    for part in (np.sin(angle), np.cos(angle)):
        total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(part))])
        sums.append(total[before] - total[first])
    usual: Floats = np.arctan2(sums[0], sums[1])
    return usual
