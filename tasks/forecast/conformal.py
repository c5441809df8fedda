"""Intervals from the errors on posts that were held out: split conformal prediction (Papadopoulos et al. 2002).

An error is divided by the account's spread, so that an account whose posts differ much has wider intervals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tasks.forecast.design import Floats, Ints

TAIL = 10
"""One in so many posts is below an interval, and as many above: it covers 80 %."""
SHRINKAGE = 10
"""The spread of an account counts as if it had so many more posts with the spread that is usual in all accounts."""
MIN_ERRORS = 9
"""With fewer, no interval covers 80 %."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Quantiles of the scaled errors: the middle and both ends of the 80 % interval."""

    low: float
    median: float
    high: float


def scale_errors(spread: Floats, known: Ints, usual_spread: float) -> Floats:
    """What errors are divided by: the spread of the last `known` counts, shrunk to that of all accounts."""
    weight = known / (known + SHRINKAGE)
    scale: Floats = np.maximum(weight * spread + (1 - weight) * usual_spread, 1e-3)
    return scale


def fit_interval(errors: Floats) -> Interval:
    """The interval of scaled errors, outcome minus forecast; a tenth of new ones is below, and a tenth above.

    Raises `ValueError` for fewer than `MIN_ERRORS` errors.
    """
    if len(errors) < MIN_ERRORS:
        raise ValueError(f"{len(errors)} errors give no interval; it needs {MIN_ERRORS}")
    ordered = np.sort(errors)
    place = tail_place(len(ordered))
    return Interval(float(ordered[place]), float(np.median(ordered)), float(ordered[-1 - place]))


def tail_place(number: int) -> int:
    """How many of so many sorted errors are left out at each end: a new one is outside at most with 10 % each."""
    return max(0, (number + 1) // TAIL - 1)
