"""Intervals, p-values and their correction for many labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from warehouse.ranking.lift.groups import Floats
from warehouse.ranking.lift.variance import Variances

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Inference:
    """The ends of the interval of each effect, and the p-value of no effect; NaN where there is no estimate."""

    low: Floats
    high: Floats
    p: Floats


def infer(effects: Floats, variances: Variances) -> Inference:
    """Student's t with the variances' degrees of freedom."""
    error = np.sqrt(np.where(variances.variance > 0, variances.variance, np.nan))
    half = stdtrit(variances.freedom, (1 + LEVEL) / 2) * error
    return Inference(effects - half, effects + half, 2 * stdtr(variances.freedom, -np.abs(effects / error)))


def correct_p(p: Floats, tested: NDArray[np.bool_]) -> Floats:
    """The q-values of Benjamini and Hochberg (1995) over the tested labels; NaN for the others."""
    q = np.full(len(p), np.nan)
    use = np.flatnonzero(tested & ~np.isnan(p))
    order = use[np.argsort(p[use], kind="stable")]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum(1, np.minimum.accumulate(scaled[::-1])[::-1])
    return q
