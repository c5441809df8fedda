"""The variance of the labels' effects: clustered by account, moderated by what all labels have in common.

A cell is a label in a cluster (an account; with one account a block). Its score S is what the cluster adds to the
label's estimating equation, h how much the equation falls when the effect grows by 1, and m the variance of S if
posts were independent. Over all cells E S² = (1 - h/H)(φ m + τ² h²): φ ≥ 1 is for posts that are not independent,
τ² for accounts that differ in the effect, and H is the sum of h over the label's cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.ranking.lift.groups import Floats, Ints

PRIOR_FREEDOM = 20.0
"""Degrees of freedom of the variance that all labels share."""
ROUNDS = 6
MAX_CELLS = 500_000
"""So many cells, spread evenly over the labels, are enough for the two numbers that all share."""
MIN_REST = 0.02
"""A cell with less than this share of its label outside it shows nothing about the variance."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of all labels: the label's number, S, h and m."""

    label: Ints
    score: Floats
    information: Floats
    noise: Floats


@dataclass(frozen=True, slots=True)
class Components:
    """φ and τ²."""

    dependence: float
    difference: float


@dataclass(frozen=True, slots=True)
class Variances:
    """The variance of each label's effect, and the degrees of freedom of Student's t."""

    variance: Floats
    freedom: Floats


def fit_components(cells: Cells, labels: int) -> Components:
    """Fit φ and τ² by weighted least squares; a square's weight is the inverse of its expected square."""
    rest = _rest(cells, labels)
    use = np.flatnonzero((rest > MIN_REST) & (cells.noise > 0))
    use = use[:: 1 + len(use) // MAX_CELLS]
    if not len(use):
        return Components(1.0, 0.0)
    rest, noise, information = rest[use], cells.noise[use], cells.information[use] ** 2
    squares = cells.score[use] ** 2 / rest
    fitted = Components(1.0, 0.0)
    for _ in range(ROUNDS):
        weights = rest / (fitted.dependence * noise + fitted.difference * information) ** 2
        fitted = solve_components(squares, noise, information, weights)
    return fitted


def moderate(
    cells: Cells, labels: int, components: Components, prior_freedom: float = PRIOR_FREEDOM
) -> Variances:
    """The mean of the shared and the label's own variance, weighted by their degrees of freedom (Smyth 2004).

    The own variance is clustered with the correction CR2 of Bell and McCaffrey (2002). With `prior_freedom` 0 it
    stands alone: a fallback that shares nothing between labels, with wider intervals.
    """
    rest = np.maximum(_rest(cells, labels), 1e-3)
    total = _sum(cells.label, cells.information, labels)
    expected = components.dependence * cells.noise + components.difference * cells.information**2
    with np.errstate(divide="ignore", invalid="ignore"):
        prior = _sum(cells.label, expected, labels) / total**2
        own = _sum(cells.label, cells.score**2 / rest, labels) / total**2
        freedom = np.maximum(0, total**2 / _sum(cells.label, cells.information**2, labels) - 1)
        variance = (prior_freedom * prior + freedom * own) / (prior_freedom + freedom)
    return Variances(variance, prior_freedom + freedom)


def solve_components(squares: Floats, noise: Floats, information: Floats, weights: Floats) -> Components:
    """φ and τ² such that φ·noise + τ²·information is nearest to the squares."""
    noise_weights, information_weights = weights * noise, weights * information
    a, b = float(noise_weights @ noise), float(noise_weights @ information)
    c = float(information_weights @ information)
    d, e = float(noise_weights @ squares), float(information_weights @ squares)
    determinant = a * c - b * b
    if determinant <= 1e-12 * a * c:
        return Components(max(1.0, d / a), 0.0)
    phi, tau = (c * d - b * e) / determinant, (a * e - b * d) / determinant
    if tau < 0:
        return Components(max(1.0, d / a), 0.0)
    if phi < 1:
        return Components(1.0, max(0.0, (e - b) / c))
    return Components(phi, tau)


def _rest(cells: Cells, labels: int) -> Floats:
    """The share of each cell's label that is outside the cell."""
    total = _sum(cells.label, cells.information, labels)[cells.label]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, 1 - cells.information / total, 0.0)


def _sum(label: Ints, values: Floats, labels: int) -> Floats:
    return np.bincount(label, weights=values, minlength=labels).astype(np.float64)
