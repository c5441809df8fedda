"""Skill with its interval, coverage, and rank correlation inside accounts, on posts that were held out."""

from __future__ import annotations

import math

import numpy as np

from tasks.forecast.design import Bools, Floats, Ints
from tasks.forecast_model import Skill

REPEATS = 2_000
MIN_CLUSTERS = 10
"""With fewer accounts the weeks of each account are the clusters, and with fewer of these the days: resampling three
accounts says little."""
MIN_ACCOUNT_POSTS = 20
"""Posts of an account that count in its coverage and rank correlation."""
_PERIODS = (7 * 86_400, 86_400)
"""Seconds of a week and of a day."""


def measure_skill(errors: Floats, reference: Floats, account: Ints, posted_at: Ints) -> Skill:
    """1 minus the ratio of two mean absolute errors, with the 95 % interval of a cluster bootstrap (Efron 1979)."""
    clusters = find_clusters(account, posted_at)
    number = int(clusters.max()) + 1
    sums = np.bincount(clusters, np.abs(errors), number), np.bincount(clusters, np.abs(reference), number)
    draw = np.random.default_rng(0)
    values = []
    for _ in range(REPEATS):
        weights = np.bincount(draw.integers(0, number, number), minlength=number)
        values.append(_skill(float(weights @ sums[0]), float(weights @ sums[1])))
    low, high = np.quantile(values, [0.025, 0.975])
    value = _skill(float(sums[0].sum()), float(sums[1].sum()))
    return Skill(value=value, low=float(low), high=float(high), posts=len(errors), clusters=number)


def find_clusters(account: Ints, posted_at: Ints) -> Ints:
    """The number of the cluster of each post: its account, or with few of these its account's week or day."""
    names, clusters = np.unique(account, return_inverse=True)
    number = clusters
    for period in _PERIODS:
        if len(names) >= MIN_CLUSTERS:
            break
        times = (posted_at - posted_at.min(initial=0)) // period
        names, clusters = np.unique(number * (int(times.max(initial=0)) + 1) + times, return_inverse=True)
    return np.asarray(clusters, np.int64)


def count_weeks(account: Ints, posted_at: Ints) -> int:
    """The number of weeks with posts, of all accounts."""
    return len(np.unique(np.column_stack([account, posted_at // _PERIODS[0]]), axis=0))


def measure_coverage(inside: Bools, account: Ints) -> tuple[float, float | None]:
    """The share of posts inside their intervals, and that of the tenth of the accounts with the lowest one.

    The second is None with fewer than ten accounts of at least 20 posts.
    """
    numbers, counts = _by_account(account)
    shares = np.sort(
        np.bincount(numbers, inside)[counts >= MIN_ACCOUNT_POSTS] / counts[counts >= MIN_ACCOUNT_POSTS]
    )
    worst = float(shares[: math.ceil(len(shares) / 10)].mean()) if len(shares) >= MIN_CLUSTERS else None
    return float(inside.mean()), worst


def correlate_within_accounts(forecast: Floats, outcome: Floats, account: Ints) -> float | None:
    """Spearman's rank correlation inside accounts, weighted by their posts; None without an account of 20 posts."""
    from scipy.stats import rankdata

    numbers, counts = _by_account(account)
    order = np.argsort(numbers, kind="stable")
    total = weight = 0.0
    for rows in np.split(order, np.cumsum(counts)[:-1]):
        if len(rows) < MIN_ACCOUNT_POSTS:
            continue
        first, second = rankdata(forecast[rows]), rankdata(outcome[rows])
        if first.std() > 0 and second.std() > 0:
            total += len(rows) * float(np.corrcoef(first, second)[0, 1])
            weight += len(rows)
    return total / weight if weight else None


def _by_account(account: Ints) -> tuple[Ints, Ints]:
    _, numbers, counts = np.unique(account, return_inverse=True, return_counts=True)
    return numbers.astype(np.int64), counts.astype(np.int64)


def _skill(error: float, reference: float) -> float:
    return 1 - error / reference if reference > 0 else 0.0
