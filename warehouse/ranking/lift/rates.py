"""Counts that are shares of others, such as positive comments of all read ones: the ratio of means with an offset.

A post's exposure is its offset (the read comments, or the likes) times the factors of kind and hour, so that the ratio of
`ratios.py` is a ratio of shares. A post's comments are not independent of each other: one quarrel, one wave of spam. So
the variance of a count with mean m is d·m·(1 + k·m), and each post is weighted by 1 / (1 + k·m): a post with thousands of
comments does not decide alone. k is at least so large that a post weighs at most five times as much as a usual one of
its account, and counts are clipped at four standard deviations: a single quarrel is no finding. d is below 1 for shares
near 1, whose counts vary less than at random.
"""

from __future__ import annotations

import numpy as np

from warehouse.ranking.lift.blocks import PostBlocks
from warehouse.ranking.lift.groups import Floats
from warehouse.ranking.lift.ratios import CAP, MIN_CAP, PRIOR_POSTS, ROUNDS, Exposures, number_factors

MIN_DISPERSION = 0.02
CLIP = 4.0
"""Standard deviations from what is expected of a post at which its count is clipped; one of 5 or less is not."""


def fit_rates(posts: PostBlocks) -> Exposures:
    """Fit the factors of kind and hour and the variance, and cap and weight the counts.

    Counts and exposures of the result have the posts' weights, so that its accounts have none; `expected` has no weight.
    """
    factor = number_factors(posts)
    exposure, counts = posts.offsets, _cap_first(posts)
    weight = _weigh(posts, counts, exposure, exposure, 0.0)
    for _ in range(ROUNDS):
        rate = posts.blocks.sum(weight * counts) / posts.blocks.sum(weight * exposure)
        expected = exposure * posts.blocks.spread(rate)
        d, k = _fit_variance(counts, expected)
        counts = _clip(posts.counts, _expect_from_others(posts, counts, exposure, weight), d, k)
        weight = _weigh(posts, weight * counts, weight * exposure, exposure, k)
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


def _expect_from_others(posts: PostBlocks, counts: Floats, exposure: Floats, weight: Floats) -> Floats:
    """What the other posts of its block lead to expect of a post, so that it can't raise its own limit."""
    counted, exposed = weight * counts, weight * exposure
    others = posts.blocks.spread(posts.blocks.sum(counted)) - counted
    others_exposed = posts.blocks.spread(posts.blocks.sum(exposed)) - exposed
    usual = posts.accounts.spread(posts.accounts.sum(counted) / posts.accounts.sum(exposed))
    alone = posts.blocks.spread(posts.blocks.sizes) == 1
    rate = np.where(alone, usual, np.maximum(others, 0) / np.where(alone, 1.0, others_exposed))
    expected: Floats = exposure * rate
    return expected


def _clip(counts: Floats, expected: Floats, d: float, k: float) -> Floats:
    limit = CLIP * np.sqrt(d * expected * (1 + k * expected))
    most = np.maximum(MIN_CAP, np.minimum(CAP * expected, expected + limit))
    clipped: Floats = np.maximum(np.minimum(counts, most), expected - limit)
    return clipped


def _weigh(posts: PostBlocks, counts: Floats, exposed: Floats, exposure: Floats, k: float) -> Floats:
    """The weights of the posts, from the rate of their account: that of the block depends on the post's own count."""
    usual = posts.accounts.sum(counts) / posts.accounts.sum(exposed)
    expected = exposure * posts.accounts.spread(usual)
    floor = 1 / np.maximum(MIN_CAP, CAP * posts.accounts.mean(expected))
    weights: Floats = 1 / (1 + np.maximum(k, posts.accounts.spread(floor)) * expected)
    return weights


def _fit_variance(counts: Floats, expected: Floats) -> tuple[float, float]:
    """The numbers d and k in the variance d·m·(1 + k·m) of counts with mean m, by weighted least squares."""
    use = expected > 0
    if not use.any():
        return 1.0, 0.0
    m, squares = expected[use], (counts[use] - expected[use]) ** 2
    d, k = max(MIN_DISPERSION, float(squares.sum() / m.sum())), 0.0
    for _ in range(ROUNDS):
        weights = 1 / (m * (1 + k * m)) ** 2
        a, b, c = float(weights @ m**2), float(weights @ m**3), float(weights @ m**4)
        x, y = float(weights @ (m * squares)), float(weights @ (m**2 * squares))
        determinant = a * c - b * b
        if determinant <= 1e-12 * a * c:
            return d, 0.0
        d = max(MIN_DISPERSION, (c * x - b * y) / determinant)
        k = max(0.0, (a * y - b * x) / determinant / d)
    return d, k


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
