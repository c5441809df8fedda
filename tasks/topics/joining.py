"""Which components are one topic: those whose terms come together in comments, by the modularity of their network.

NMF of short texts makes a component of nearly each frequent term, because a comment has few terms of its topic.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

HEAVY = 0.3
"""The terms of a component are those with such a share of its largest weight."""
SPECIFIC, MIN_PAIRS = 0.5, 20
"""Least phi squared of a component that is of some topics, and the pairs below which nothing is concluded."""
MIN_Z = 2.5
"""Two components are joined only where they come together so many standard deviations more often than expected."""


def count_together(
    comments: Sequence[Sequence[str]], columns: dict[str, int], components: NDArray[np.float32]
) -> NDArray[np.float64]:
    """How many pairs of terms in a comment are of two components, shape (components, components); symmetric.

    A term is of the component in which it has the largest weight, and of none where it is light in all.
    """
    shares = components / components.max(axis=1, keepdims=True)
    of_term = np.where(shares.max(axis=0) >= HEAVY, shares.argmax(axis=0), -1)
    together = np.zeros((len(components), len(components)))
    for comment in comments:
        found = [of_term[columns[term]] for term in comment if term in columns]
        uses = np.bincount([one for one in found if one >= 0], minlength=len(components))
        used = np.flatnonzero(uses)
        pairs = np.outer(uses[used], uses[used]).astype(np.float64)
        pairs[np.diag_indices(len(used))] -= uses[used]
        together[np.ix_(used, used)] += pairs
    return together


def join_components(together: NDArray[np.float64]) -> NDArray[np.intp]:
    """The group of each component: two are joined while that raises the modularity most, and is no chance.

    Clauset, Newman and Moore 2004, 'Finding community structure in very large networks': the expected number of pairs of
    two groups is the product of their numbers of pairs, divided by that of all. So long comments join nothing.
    """
    groups = np.arange(len(together))
    weights = together.copy()
    total = weights.sum()
    if not total:
        return groups
    while len(weights) > 1:
        sums = weights.sum(axis=1)
        expected = np.outer(sums, sums) / total
        gain = weights - expected
        np.fill_diagonal(gain, 0)
        gain[gain < MIN_Z * np.sqrt(expected.clip(1))] = 0
        one, other = sorted(np.unravel_index(gain.argmax(), gain.shape))
        if gain[one, other] <= 0:
            break
        weights[one] += weights[other]
        weights[:, one] += weights[:, other]
        weights = np.delete(np.delete(weights, other, axis=0), other, axis=1)
        groups[groups == other] = one
        groups[groups > other] -= 1
    return groups


def find_specific(together: NDArray[np.float64], groups: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether each component comes together with some groups much more than with others; True if it has too few pairs.

    The measure is Pearson's phi squared of its pairs by group against those expected, less what chance adds: 0 for a
    word that goes with everything, and about 1/s - 1 for one that goes with a group with the share s of all pairs.
    """
    sums = together.sum(axis=1)
    members = (groups[:, None] == np.unique(groups)[None, :]).astype(np.float64)
    found = together @ members
    # Without the component's own pairs, which it can't have with itself.
    expected = sums @ members - sums[:, None] * members
    total = expected.sum(axis=1, keepdims=True)
    expected = sums[:, None] * expected / np.where(total > 0, total, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = np.where(expected > 0, (found - expected) ** 2 / expected - 1, 0).sum(axis=1)
    specific: NDArray[np.bool_] = (sums < MIN_PAIRS) | (excess >= SPECIFIC * sums)
    return specific
