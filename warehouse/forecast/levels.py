"""The usual count of an account at a time: medians of its last posts whose counts were known then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from warehouse.forecast.history import Bools, Floats, History, Ints
from warehouse.forecast.posts import MIN_AGE_DAYS

LEVEL_POSTS = 10
"""Posts of the median that is the usual count."""
RECENT_POSTS, LONG_POSTS = 3, 30
MIN_LEVEL_POSTS = 3
"""With fewer known counts an account has no usual count."""
CLIP = 1.5
"""In log: a post that earns more than 4.5 times the usual counts as one that earns so much."""
_WINDOWS = (45, 200, 800)
"""How many earlier posts are looked through for those with a known count; further only where there are too few."""
_CHUNK = 50_000
"""Posts at once: a window of 45 takes 20 MB for each array."""
_MIN_AGE_SECONDS = MIN_AGE_DAYS * 86_400


@dataclass(frozen=True, slots=True)
class Levels:
    """For each post what was usual before it, in log(1 + count); NaN where fewer than three counts were known.

    `usual` is the median of the last 10 known counts, `recent` and `long` of the last 3 and 30; `mean_10` and `mean_30` are
    means without counts far from `usual`. `trend` is the median of the last 5 minus that of the 5 before, `spread` the
    median distance of the last 30 from their median, and `known` the number of these. `carousels` and `videos` are their
    shares in the last 10. `backfilled`: the post is older than the first observation of its account.
    """

    usual: Floats
    recent: Floats
    long: Floats
    mean_10: Floats
    mean_30: Floats
    trend: Floats
    spread: Floats
    known: Ints
    carousels: Floats
    videos: Floats
    backfilled: Bools


def compute_levels(history: History, account: Ints, posted_at: Ints, cutoff: Ints) -> Levels:
    """The levels of posts of these accounts and times (seconds), from what was known at `cutoff`, at most `posted_at`."""
    parts = [
        _compute_chunk(history, account[rows], posted_at[rows], cutoff[rows])
        for rows in _chunks(len(account))
    ]
    return Levels(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in Levels.__slots__}
    )


def last_known(
    history: History, account: Ints, posted_at: Ints, cutoff: Ints, number: int
) -> tuple[Floats, Ints]:
    """The last known counts, newest first, (posts, number), and of which posts they are; NaN and -1 where there are fewer."""
    counts = np.full((len(account), number), np.nan)
    posts = np.full((len(account), number), -1, np.int64)
    todo = np.arange(len(account))
    newest = history.posts_before(account, np.minimum(posted_at, cutoff) - _MIN_AGE_SECONDS + 1)
    oldest = history.account_starts[account]
    for window in _WINDOWS:
        post = newest[todo, None] - 1 - np.arange(window)
        exists = post >= oldest[todo, None]
        post = np.maximum(post, 0)
        times = np.broadcast_to(cutoff[todo, None], post.shape)
        before = np.broadcast_to((cutoff < history.observed_from[account])[todo, None], post.shape)
        values = np.where(exists, history.counts_known(post, times, backfilled=before), np.nan)
        known = ~np.isnan(values)
        place = np.cumsum(known, axis=1) - 1
        row, column = np.nonzero(known & (place < number))
        counts[todo[row], place[row, column]] = values[row, column]
        posts[todo[row], place[row, column]] = post[row, column]
        todo = todo[(known.sum(axis=1) < number) & exists[:, -1]]
        if not len(todo):
            break
    return counts, posts


def sorted_median(values: Floats) -> Floats:
    """The median of each row without its NaN; NaN for a row without numbers."""
    ordered = np.sort(values, axis=1)
    number = np.sum(~np.isnan(ordered), axis=1)
    rows = np.arange(len(ordered))
    low, high = np.maximum(number - 1, 0) // 2, np.minimum(number // 2, ordered.shape[1] - 1)
    middle: Floats = (ordered[rows, low] + ordered[rows, high]) / 2
    return middle


def _compute_chunk(history: History, account: Ints, posted_at: Ints, cutoff: Ints) -> Levels:
    counts, posts = last_known(history, account, posted_at, cutoff, LONG_POSTS)
    ten, which = counts[:, :LEVEL_POSTS], posts[:, :LEVEL_POSTS]
    number = np.sum(posts >= 0, axis=1)
    counts[number < MIN_LEVEL_POSTS] = np.nan
    usual, long = sorted_median(ten), sorted_median(counts)
    half = LEVEL_POSTS // 2
    trend = sorted_median(ten[:, :half]) - sorted_median(ten[:, half:])
    kind = np.append(history.kind, -1)[which]  # -1, which is no post, is the last one
    share = 1 / np.maximum(np.sum(which >= 0, axis=1), 1)
    return Levels(
        usual,
        sorted_median(counts[:, :RECENT_POSTS]),
        long,
        _clipped_mean(ten, usual),
        _clipped_mean(counts, usual),
        np.where(np.isnan(trend), 0.0, trend),
        sorted_median(np.abs(counts - long[:, None])),
        number,
        np.sum(kind == 1, axis=1) * share,
        np.sum(kind == 2, axis=1) * share,
        cutoff < history.observed_from[account],
    )


def _clipped_mean(counts: Floats, usual: Floats) -> Floats:
    """The mean of each row, in which a count is at most `CLIP` away from the usual one."""
    away = np.clip(counts - usual[:, None], -CLIP, CLIP)
    known = ~np.isnan(away)
    number = known.sum(axis=1)
    mean = usual + np.where(known, away, 0).sum(axis=1) / np.maximum(number, 1)
    return np.where(number > 0, mean, np.nan)


def _chunks(number: int) -> Iterator[slice]:
    for start in range(0, max(number, 1), _CHUNK):
        yield slice(start, min(start + _CHUNK, number))
