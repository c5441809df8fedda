"""What groups of things have in common: which are still the same after they were found again, and their own words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_OVERLAP_LOSS = 0.5
"""A group stays the same one while more than this share of the members in its old or new form is in both."""

Numbers = NDArray[np.intp]


def match_groups(before: Numbers, numbers: Numbers) -> dict[int, int]:
    """For each new group that is still an old one, the number of that one; both are the groups of the same members.

    The members that are in both must be more than half of those in either (Jaccard), so that no two groups can
    match one. Members without a group (-1) before or now do not count.
    """
    known = (before >= 0) & (numbers >= 0)
    before, numbers = before[known], numbers[known]
    matched = {}
    for new in np.unique(numbers):
        old, shared = np.unique(before[numbers == new], return_counts=True)
        best, most = int(old[shared.argmax()]), int(shared.max())
        either = int((numbers == new).sum() + (before == best).sum()) - most
        if most / either > MAX_OVERLAP_LOSS:
            matched[int(new)] = best
    return matched


def log_odds(weights: NDArray[np.floating]) -> NDArray[np.float64]:
    """How distinctive each word is of each group: the z-scores of its log-odds against the other groups.

    `weights`, shape (groups, words), says how often a group uses a word. Monroe, Colaresi and Quinn 2008, 'Fightin'
    Words', equations 16, 20 and 22, with an informative Dirichlet prior: the words of all groups, with the weight of
    an average group. A word without odds, such as the only one, has 0.
    """
    weights = weights.astype(np.float64)
    of_group, of_word = weights.sum(axis=1, keepdims=True), weights.sum(axis=0, keepdims=True)
    total = of_group.sum()
    if not total:
        return np.zeros_like(weights)
    prior = total / len(weights)
    own_prior = prior * of_word / total
    here, there = weights + own_prior, of_word - weights + own_prior
    others_here, others_there = of_group + prior - here, total - of_group + prior - there
    usable = np.minimum.reduce([here, there, others_here, others_there]) > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.log(here / others_here) - np.log(there / others_there)
        found = odds / np.sqrt(1 / here + 1 / there)
    return np.where(usable, found, 0.0)
