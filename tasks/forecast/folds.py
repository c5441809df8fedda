"""Posts that are held out: by time and by account, never at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.forecast.design import Bools, Design, Ints

FOLDS = 5
FIRST_TESTED = 2
"""Of the five parts of time the first two are for training alone; each later one is forecast from those before it."""
LAST = FOLDS - 1


@dataclass(frozen=True, slots=True)
class Folds:
    """The part of time and the group of accounts of each post, 0 to 4. The parts have equally many posts.

    `late`: the outcome of the post was not known yet when its part of time ended, so that later parts do not learn from
    it.
    """

    time: Ints
    accounts: Ints
    late: Bools

    def train_before(self, part: int) -> Bools:
        """The posts from which a part of time is forecast."""
        chosen: Bools = (self.time < part) & ~(self.late & (self.time == part - 1))
        return chosen


def make_folds(design: Design, outcome_days: int) -> Folds:
    """Cut the posts of a design, which are in the order of time. `outcome_days`: the age at which an outcome is known."""
    number = len(design)
    time = np.arange(number) * FOLDS // max(number, 1)
    ends = np.array([design.posted_at[time == part].max(initial=0) for part in range(FOLDS)])
    late = design.posted_at > ends[time] - outcome_days * 86_400
    return Folds(time, _balance(design.account), late)


def _balance(account: Ints) -> Ints:
    """A group for each account, so that the groups have about equally many posts."""
    names, counts = np.unique(account, return_counts=True)
    groups = np.zeros(len(names), np.int64)
    sizes = np.zeros(FOLDS, np.int64)
    for place in np.argsort(-counts, kind="stable"):
        groups[place] = np.argmin(sizes)
        sizes[groups[place]] += counts[place]
    return groups[np.searchsorted(names, account)]
