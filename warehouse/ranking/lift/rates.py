"""Counts that are shares of others, such as positive comments of all read ones: the ratio of means with an offset.

A post's exposure is its offset (the read comments, or the likes) times the factors of kind and hour, so that the ratio of
`ratios.py` is a ratio of shares. A post's comments are not independent of each other: one quarrel, one wave of spam. So
the variance of a count with mean m is d·m·(1 + k·m), and each post is weighted by 1 / (1 + k·m): a post with thousands of
comments does not decide alone. d is below 1 for shares near 1, whose counts vary less than at random.
"""

from __future__ import annotations

import numpy as np

from warehouse.ranking.lift.blocks import PostBlocks
from warehouse.ranking.lift.groups import Floats
from warehouse.ranking.lift.ratios import CAP, MIN_CAP, PRIOR_POSTS, ROUNDS, Exposures, number_factors

MIN_DISPERSION = 0.02


def fit_rates(posts: PostBlocks) -> Exposures:
    """Fit the factors of kind and hour and the variance, and cap and weight the counts.

    Counts and exposures of the result have the posts' weights, so that its accounts have none; `expected` has no weight.
    """
    factor = number_factors(posts)
    exposure, counts = posts.offsets, _cap_first(posts)
    weight = np.ones(len(counts))
    for _ in range(ROUNDS):
        rate = posts.blocks.sum(weight * counts) / posts.blocks.sum(weight * exposure)
        expected = exposure * posts.blocks.spread(rate)
        counts = np.minimum(posts.counts, np.maximum(MIN_CAP, CAP * expected))
        k = _fit_spread(counts, expected)
        # The rate of the account, because that of the block depends on the post's own count.
        usual = posts.accounts.sum(weight * counts) / posts.accounts.sum(weight * exposure)
        weight = 1 / (1 + k * exposure * posts.accounts.spread(usual))
        observed = np.bincount(factor, weight * counts)
        level = np.bincount(factor, weight * posts.offsets * posts.blocks.spread(rate))
        ratio = np.where((observed > 0) & (level > 0), observed / np.maximum(level, 1e-300), 1.0)
        exposure = posts.offsets * ratio[factor]
    counts, exposed = weight * counts, weight * exposure
    rate = posts.blocks.sum(counts) / posts.blocks.sum(exposed)
    expected = exposure * posts.blocks.spread(rate)
    dispersion = _dispersions(posts, counts, weight * expected)
    return Exposures(counts, exposed, rate, np.ones(len(posts.accounts)), dispersion, expected)


def _cap_first(posts: PostBlocks) -> Floats:
    """The counts, capped by the rate of their block without its largest counts: one viral post can't raise its cap."""
    if not len(posts.counts):
        return posts.counts
    largest = posts.blocks.spread(np.maximum.reduceat(posts.counts, posts.blocks.starts))
    others = (posts.counts < largest).astype(np.float64)
    known = posts.blocks.sum(others * posts.offsets)
    rate = posts.blocks.sum(others * posts.counts) / np.maximum(known, 1e-300)
    # Where all posts have the same count, none is larger than the others.
    rate = np.where(known > 0, rate, posts.blocks.sum(posts.counts) / posts.blocks.sum(posts.offsets))
    expected = posts.offsets * posts.blocks.spread(rate)
    capped: Floats = np.minimum(posts.counts, np.maximum(MIN_CAP, CAP * expected))
    return capped


def _fit_spread(counts: Floats, expected: Floats) -> float:
    """The number k in the variance d·m·(1 + k·m) of counts with mean m, by least squares weighted by 1 / m²."""
    use = expected > 0
    if not use.any():
        return 0.0
    m, squares = expected[use], (counts[use] - expected[use]) ** 2
    d, k = max(MIN_DISPERSION, float(squares.sum() / m.sum())), 0.0
    for _ in range(ROUNDS):
        weights = 1 / (m * (1 + k * m)) ** 2
        a, b, c = float(weights @ m**2), float(weights @ m**3), float(weights @ m**4)
        x, y = float(weights @ (m * squares)), float(weights @ (m**2 * squares))
        determinant = a * c - b * b
        if determinant <= 1e-12 * a * c:
            return 0.0
        d = max(MIN_DISPERSION, (c * x - b * y) / determinant)
        k = max(0.0, (a * y - b * x) / determinant / d)
    return k


def _dispersions(posts: PostBlocks, counts: Floats, expected: Floats) -> Floats:
    """The variance over the mean of each account's weighted counts, shrunk towards that of all as if by 10 posts."""
    sizes, means = posts.accounts.sizes, posts.accounts.sum(expected)
    free = sizes - np.bincount(posts.block_account, minlength=len(posts.accounts))
    squares = posts.accounts.sum((counts - expected) ** 2)
    overall = max(MIN_DISPERSION, float(squares.sum()) / max(float(np.sum(means * free / sizes)), 1e-300))
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.where((means > 0) & (free > 0), squares / means * sizes / free, overall)
    dispersions: Floats = (free * own + PRIOR_POSTS * overall) / (free + PRIOR_POSTS)
    return dispersions
