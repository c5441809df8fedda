"""Posts with the counts that were known of them at each time, as arrays.

A post's count is known from its first observation at an age of two days on; a younger count is still growing fast. At
a time t the count is the last one observed by t.

What was posted before its account was first observed has no observation from its own time. There, and only there, the
first known count of each earlier post stands in for the one that nobody observed. So the level of a post of an observed
account depends on no later observation, and that of an older post on one observation of each earlier post.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_TIME_BITS = 38
"""Bits of a time in seconds: up to the year 9999. The others number posts and accounts."""
_LAST_SECOND = (1 << _TIME_BITS) - 1


@dataclass(frozen=True)
class History:
    """Posts by account and time, and the observations of their counts by post and time. Times are seconds, in UTC.

    `accounts` has the columns `source` and `account`, and a row for each number in `account`; `observed_from` is when
    each account was first observed, with a 0 at the end: the number after the last is an account without posts. `kind` numbers `KINDS`. `counted_post`, `counted_at` and `counts` are the
    observations at an age of at least two days: the post, the time and log(1 + count).
    """

    accounts: pl.DataFrame
    observed_from: Ints
    account: Ints
    posted_at: Ints
    kind: Ints
    counted_post: Ints
    counted_at: Ints
    counts: Floats

    @cached_property
    def account_starts(self) -> Ints:
        """The first post of each account, and at the end the number of posts."""
        return np.searchsorted(self.account, np.arange(len(self.accounts) + 1)).astype(np.int64)

    @cached_property
    def _count_starts(self) -> Ints:
        """The first observation of each post, and at the end the number of observations."""
        return np.searchsorted(self.counted_post, np.arange(len(self.account) + 1)).astype(np.int64)

    @cached_property
    def _last_counted(self) -> Ints:
        """When the last observation of each post was made; of a post without one, never."""
        ends = self._count_starts[1:]
        times = np.append(self.counted_at, 0)[np.maximum(ends - 1, 0)]
        return np.where(ends > self._count_starts[:-1], times, _LAST_SECOND)

    @cached_property
    def _post_keys(self) -> Ints:
        return _key(self.account, self.posted_at)

    @cached_property
    def _count_keys(self) -> Ints:
        return _key(self.counted_post, self.counted_at)

    def posts_before(self, account: Ints, time: Ints) -> Ints:
        """For each account and time the end of its posts that were posted before: the number of the post after them."""
        return np.searchsorted(self._post_keys, _key(account, time), side="left").astype(np.int64)

    def counts_known(self, post: Ints, cutoff: Ints, *, backfilled: Bools) -> Floats:
        """log(1 + count) of each post as it was known at a time; NaN where none was. All arrays have one shape.

        Where `backfilled`, it is the first known count, also if it was observed later.
        """
        if not len(self.counts):
            return np.full(post.shape, np.nan)
        first, end = self._count_starts[post], self._count_starts[post + 1]
        place = np.where(backfilled, first, end - 1)
        search = ~backfilled & (end > first) & (self._last_counted[post] > cutoff)
        keys = _key(post[search], cutoff[search])
        place[search] = np.searchsorted(self._count_keys, keys, side="right") - 1
        known = (end > first) & (place >= first)
        return np.where(known, self.counts[np.maximum(place, 0)], np.nan)


def _key(number: Ints, seconds: Ints) -> Ints:
    """One number that sorts by both."""
    keys: Ints = (number << _TIME_BITS) | np.clip(seconds, 0, _LAST_SECOND)
    return keys
