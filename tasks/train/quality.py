"""How good a model is on pictures that it has not seen: precision, recall and AUC, each with a 95 % interval.

A group of near-duplicates counts as one picture for the width of an interval, for its pictures are right or wrong together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tasks.train.logistic import Floats, Integers

Z = 1.959964
"""The standard normal's quantile for 95 %."""
GUESS = 0.5
"""The AUC of a guess."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value from 0 to 1 with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True, slots=True)
class ClassQuality:
    """One class: its pictures, how many of them are near-duplicates of no other, and its measures.

    `precision` is None if no picture was taken for the class.
    """

    name: str
    pictures: int
    groups: int
    precision: Estimate | None
    recall: Estimate
    auc: Estimate

    @property
    def is_separable(self) -> bool:
        """Whether the model is better than a guess: the interval of AUC lies above 0.5."""
        return self.auc.low > GUESS


def measure_class(
    name: str, number: int, shares: Floats, classes: Integers, groups: Integers
) -> ClassQuality:
    """The quality of the class with that number, from the probabilities of unseen pictures, (pictures, classes)."""
    is_class, found = classes == number, shares.argmax(axis=1) == number
    own, others = (len(set(groups[chosen].tolist())) for chosen in (is_class, ~is_class))
    return ClassQuality(
        name,
        int(is_class.sum()),
        own,
        _proportion(is_class[found], groups[found]) if found.any() else None,
        _proportion(found[is_class], groups[is_class]),
        auc_interval(auc(shares[is_class, number], shares[~is_class, number]), own, others),
    )


def count_confusions(shares: Floats, classes: Integers) -> Integers:
    """The number of pictures of each class (rows) that were taken for each class (columns)."""
    number = shares.shape[1]
    pairs = classes * number + shares.argmax(axis=1)
    return np.bincount(pairs, minlength=number * number).reshape(number, number)


def auc(own: Floats, others: Floats) -> float:
    """The probability that a picture of the class gets a higher score than another one; equal scores count half."""
    ordered = np.sort(others)
    below, up_to = (np.searchsorted(ordered, own, side) for side in ("left", "right"))
    return float((below + up_to).mean() / 2 / len(others))


def _proportion(right: np.ndarray, groups: Integers) -> Estimate:
    """Exact interval (Clopper and Pearson 1934), with groups in place of pictures (after Korn and Graubard 1998)."""
    from scipy.stats import beta

    share, number = float(right.mean()), len(set(groups.tolist()))
    hits = share * number
    low = float(beta.ppf(0.025, hits, number - hits + 1)) if hits > 0 else 0.0
    high = float(beta.ppf(0.975, hits + 1, number - hits)) if hits < number else 1.0
    return Estimate(share, low, high)


def auc_interval(value: float, own: int, others: int) -> Estimate:
    """The interval of an AUC by `own` against `others` groups: Newcombe 2006, Statistics in Medicine 25, method 5.

    It solves |value - x| = z sqrt(V(x)) for x, so it has a width even where no picture was mistaken.
    """
    weight = (own + others) / 2 - 1

    def excess(x: float) -> float:
        variance = x * (1 - x) / (own * others) * (1 + weight * ((1 - x) / (2 - x) + x / (1 + x)))
        return (value - x) ** 2 - Z * Z * variance

    return Estimate(value, _root(excess, 0.0, value), _root(excess, 1.0, value))


def _root(excess: Callable[[float], float], outside: float, inside: float) -> float:
    """Where `excess` changes its sign between a point outside the interval and one inside."""
    if excess(outside) <= 0:
        return outside
    for _ in range(60):
        middle = (outside + inside) / 2
        outside, inside = (middle, inside) if excess(middle) > 0 else (outside, middle)
    return inside
