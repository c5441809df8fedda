"""Sums and medians over contiguous groups of rows, such as the posts of a block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Groups:
    """Contiguous groups of rows: where each starts, and how many rows it has."""

    starts: Ints
    sizes: Ints

    def __len__(self) -> int:
        return len(self.starts)

    def sum(self, values: Floats) -> Floats:
        """The sum of each group."""
        if not len(self):
            return np.zeros(0)
        total: Floats = np.add.reduceat(values, self.starts)
        return total

    def mean(self, values: Floats) -> Floats:
        """The mean of each group."""
        return self.sum(values) / self.sizes

    def median(self, values: Floats) -> Floats:
        """The median of each group, to about ten digits of the values' range.

        All values are sorted at once, scaled to less than 1 and with their group's number added.
        """
        if not len(self):
            return np.zeros(0)
        number = np.arange(len(self))
        least, extent = float(values.min()), float(np.ptp(values)) * 1.001 or 1.0
        ordered = np.sort(self.spread(number) + (values - least) / extent)
        middle = ordered[self.starts + (self.sizes - 1) // 2] + ordered[self.starts + self.sizes // 2]
        medians: Floats = (middle / 2 - number) * extent + least
        return medians

    def spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """The value of each group, once for each of its rows."""
        return np.repeat(values, self.sizes)


def group_changes(*keys: NDArray[Any]) -> Groups:
    """The groups of rows with equal keys; a group ends where any key changes."""
    rows = len(keys[0])
    if not rows:
        return Groups(np.zeros(0, np.int64), np.zeros(0, np.int64))
    changed = np.zeros(rows, bool)
    changed[0] = True
    for key in keys:
        changed[1:] |= key[1:] != key[:-1]
    starts = np.flatnonzero(changed)
    return Groups(starts, np.diff(starts, append=rows))
