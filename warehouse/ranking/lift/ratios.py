"""The ratio of means for small counts, such as comments: labelled posts against the others of the same blocks.

log(1 + comments) shrinks ratios where most posts have no comment. Instead the counts themselves are compared: with S1
and S0 the counts of the labelled posts and of the others in a block, and e1 and e0 what kind and hour lead to expect
of them (their exposures, e = e1 + e0), the ratio is Σ ω·S1·e0/e over Σ ω·S0·e1/e (Mantel and Haenszel). ω is less for
accounts with many comments, whose counts vary more than at random.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.ranking.lift.blocks import PostBlocks
from warehouse.ranking.lift.effects import Effects, join_cells
from warehouse.ranking.lift.groups import Floats, Groups, Ints, group_changes
from warehouse.ranking.lift.label_rows import LabelRows
from warehouse.ranking.lift.variance import Cells

CAP = 5.0
"""A count is at most so many times what is expected of its post, or `MIN_CAP`."""
MIN_CAP = 5.0
HOUR_PARTS = 6
ROUNDS = 5
PRIOR_POSTS = 10


@dataclass(frozen=True, slots=True)
class Exposures:
    """The capped counts, what kind and hour multiply them by, the rate of each block, and each account's ω.

    `dispersion` is the variance of an account's counts over their mean, `expected` the count that each post is expected
    to have.
    """

    counts: Floats
    exposure: Floats
    rate: Floats
    weight: Floats
    dispersion: Floats
    expected: Floats


def fit_exposures(posts: PostBlocks) -> Exposures:
    """Fit the factors of kind and hour, and cap the counts."""
    factor = number_factors(posts)
    counts, exposure = _cap_first(posts), np.ones(len(posts.counts))
    k, weight = 0.0, np.ones(len(posts.accounts))
    for _ in range(ROUNDS):
        rate = posts.blocks.sum(counts) / posts.blocks.sum(exposure)
        expected = exposure * posts.blocks.spread(rate)
        counts = np.minimum(posts.counts, np.maximum(MIN_CAP, CAP * expected))
        k = _fit_spread(counts, expected)
        weight = 1 / (1 + k * posts.accounts.mean(counts))
        omega = posts.accounts.spread(weight)
        observed = np.bincount(factor, omega * counts)
        level = np.bincount(factor, omega * posts.blocks.spread(rate))
        exposure = np.where((observed > 0) & (level > 0), observed / np.maximum(level, 1e-300), 1.0)[factor]
    rate = posts.blocks.sum(counts) / posts.blocks.sum(exposure)
    expected = exposure * posts.blocks.spread(rate)
    return Exposures(counts, exposure, rate, weight, _dispersions(posts, k, counts, expected), expected)


def estimate_ratios(posts: PostBlocks, exposures: Exposures, rows: LabelRows) -> Effects:
    """The log ratio of each label and its cells; NaN where the posts or the others have no counts."""
    values = np.full(len(rows.names), np.nan)
    parts = []
    for numbers, post, by_label in rows.chunks():
        values[numbers], cells = _compare(posts, exposures, post, by_label, numbers)
        parts.append(cells)
    return Effects(values, join_cells(parts))


def _compare(
    posts: PostBlocks, exposures: Exposures, post: Ints, by_label: Groups, numbers: Ints
) -> tuple[Floats, Cells]:
    row_label, row_block = by_label.spread(np.arange(len(by_label))), posts.block[post]
    cells = group_changes(row_label, row_block)
    label, block = row_label[cells.starts], row_block[cells.starts]
    total = posts.blocks.sum(exposures.exposure)[block]
    with_label, with_exposure = cells.sum(exposures.counts[post]), cells.sum(exposures.exposure[post])
    rest = exposures.rate[block] * total - with_label
    rest_exposure = np.where(cells.sizes < posts.blocks.sizes[block], total - with_exposure, 0.0)
    weight = exposures.weight[posts.block_account[block]] / total
    labels = group_changes(label)
    above, below = weight * with_label * rest_exposure, weight * rest * with_exposure
    below = np.where(rest_exposure > 0, np.maximum(below, 0), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = labels.sum(above) / labels.sum(below)
    ratio = np.where(np.isfinite(ratio) & (ratio > 0), ratio, np.nan)
    of_cell = np.nan_to_num(labels.spread(ratio))
    clusters = group_changes(label, posts.cluster[block])
    information = of_cell * weight * exposures.rate[block] * with_exposure * rest_exposure
    noise = (
        weight**2
        * (exposures.dispersion[posts.block_account[block]] * exposures.rate[block] * of_cell)
        * with_exposure
        * rest_exposure
        * (rest_exposure + of_cell * with_exposure)
    )
    part = Cells(
        numbers[label[clusters.starts]],
        clusters.sum(above - of_cell * below),
        clusters.sum(information),
        clusters.sum(noise),
    )
    return np.log(ratio), part


def _cap_first(posts: PostBlocks) -> Floats:
    """The counts, capped by the mean of their block without its largest count: one viral post can't raise its cap."""
    if not len(posts.counts):
        return posts.counts
    largest = np.maximum.reduceat(posts.counts, posts.blocks.starts)
    others = (posts.blocks.sum(posts.counts) - largest) / np.maximum(1, posts.blocks.sizes - 1)
    capped: Floats = np.minimum(posts.counts, np.maximum(MIN_CAP, CAP * posts.blocks.spread(others)))
    return capped


def number_factors(posts: PostBlocks) -> Ints:
    """A number for each combination of kind and hour, relative to the account's mean hour."""
    carousel, video, _, cosine, sine = posts.covariates.T
    hour = np.floor((np.arctan2(sine, cosine) / (2 * np.pi) + 0.5) * HOUR_PARTS).astype(np.int64)
    kind = (carousel + 2 * video).astype(np.int64)
    factors: Ints = kind * HOUR_PARTS + np.minimum(hour, HOUR_PARTS - 1)
    return factors


def _fit_spread(counts: Floats, expected: Floats) -> float:
    """The number k in the variance m + k·m² of counts with mean m: how much more than at random they vary."""
    extra = float(np.sum((counts - expected) ** 2 - expected))
    return max(0.0, extra / max(float(np.sum(expected**2)), 1e-300))


def _dispersions(posts: PostBlocks, k: float, counts: Floats, expected: Floats) -> Floats:
    """The variance over the mean of each account, shrunk towards 1 + k·m as if by 10 posts."""
    squares = posts.accounts.sum((counts - expected) ** 2)
    means = posts.accounts.sum(expected)
    free = posts.accounts.sizes - np.bincount(posts.block_account, minlength=len(posts.accounts))
    prior = 1 + k * means / posts.accounts.sizes
    own = squares * (posts.accounts.sizes / np.maximum(free, 1)) / np.maximum(means, 1e-300)
    shrunk = (free * own + PRIOR_POSTS * prior) / (free + PRIOR_POSTS)
    dispersions: Floats = np.where(means > 0, shrunk, prior)
    return dispersions
