"""Which components are one topic: those whose terms come together in comments, by the modularity of their network.

NMF of short texts makes a component of nearly each frequent term, because a comment has few terms of its topic.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

HEAVY = 0.3
"""The terms of a component are those with such a share of its largest weight."""
SPECIFIC = 3.0
"""A component is of its topic if it comes together with the topic's others so many times more than with all else."""
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
    """Whether each component comes together with those of its group much more than with all others; False if it is alone."""
    sums = together.sum(axis=1)
    own = (groups[:, None] == groups[None, :]) & ~np.eye(len(groups), dtype=bool)
    others = groups[:, None] != groups[None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        # Pairs for each pair that could be: the sums say how much there is to come together with.
        inside = (together * own).sum(axis=1) / (own * sums).sum(axis=1)
        outside = (together * others).sum(axis=1) / (others * sums).sum(axis=1)
    specific: NDArray[np.bool_] = own.any(axis=1) & (
        np.nan_to_num(inside) >= SPECIFIC * np.nan_to_num(outside)
    )
    return specific
