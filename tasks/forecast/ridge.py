"""Ridge regression on dense features and labels (Hoerl and Kennard 1970), solved from sums of products.

The sums of parts of the posts add up, so that leaving a part out costs one small solution and no second pass.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.forecast.design import Bools, Columns, Floats

ALPHA = 30.0
"""The penalty; dense features have a standard deviation of 1, labels are 0 or 1."""
_CHUNK = 100_000
MIN_SCALE = 1e-6


@dataclass(frozen=True, slots=True)
class Scaling:
    """Mean and standard deviation of each dense column; a column that never changes has scale 1."""

    means: Floats
    scales: Floats

    def apply(self, dense: NDArray[np.float32]) -> Floats:
        """A column of ones, which is the intercept's, and the scaled columns."""
        return np.hstack([np.ones((len(dense), 1)), (dense - self.means) / self.scales])


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over posts: of the products of all columns (columns, columns), and of these with the target (columns,).

    The columns are the intercept, the dense ones and the labels.
    """

    products: Floats
    targets: Floats

    def __add__(self, other: Sums) -> Sums:
        return Sums(self.products + other.products, self.targets + other.targets)

    def __sub__(self, other: Sums) -> Sums:
        return Sums(self.products - other.products, self.targets - other.targets)


@dataclass(frozen=True, slots=True)
class Ridge:
    """Coefficients of the intercept and the dense columns, and of the labels; 0 for a column that was not used."""

    dense: Floats
    labels: Floats

    def predict(self, scaling: Scaling, columns: Columns) -> Floats:
        """The log ratio of each post to its usual count."""
        forecasts = self.score(columns)
        for rows in _slices(len(columns)):
            forecasts[rows] += scaling.apply(columns.dense[rows]) @ self.dense
        return forecasts

    def score(self, columns: Columns) -> Floats:
        """The part of the labels alone."""
        return np.asarray(columns.labels @ self.labels, np.float64)


def find_scaling(dense: NDArray[np.float32]) -> Scaling:
    """The scaling of these posts."""
    scales = dense.std(axis=0, dtype=np.float64)
    return Scaling(dense.mean(axis=0, dtype=np.float64), np.where(scales > MIN_SCALE, scales, 1.0))


def sum_products(columns: Columns, target: Floats, scaling: Scaling, chosen: Bools) -> Sums:
    """The sums over the chosen posts."""
    rows = np.flatnonzero(chosen)
    width = columns.dense.shape[1] + 1
    number = width + columns.labels.shape[1]
    products, targets = np.zeros((number, number)), np.zeros(number)
    for part in _slices(len(rows)):
        some = rows[part]
        dense, labels = scaling.apply(columns.dense[some]), columns.labels[some]
        products[:width, :width] += dense.T @ dense
        products[width:, :width] += labels.T @ dense
        both = (labels.T @ labels).tocoo()
        products[width + both.row, width + both.col] += both.data
        targets[:width] += dense.T @ target[some]
        targets[width:] += labels.T @ target[some]
    products[:width, width:] = products[width:, :width].T
    return Sums(products, targets)


def solve(sums: Sums, width: int, used: int) -> Ridge:
    """The ridge of the first `used` columns; the intercept has no penalty. `width`: intercept and dense columns."""
    from scipy.linalg import cho_solve

    coefficients = np.zeros(len(sums.targets))
    factor = _factor(_penalised(sums, used))
    coefficients[:used] = cho_solve((factor, True), sums.targets[:used])
    return Ridge(coefficients[:width], coefficients[width:])


def label_deviations(sums: Sums, width: int, noise: float) -> Floats:
    """The posterior standard deviation of each label's coefficient, for errors with the standard deviation `noise`."""
    from scipy.linalg import cho_solve

    number = len(sums.targets)
    if number == width:
        return np.empty(0)
    factor = _factor(_penalised(sums, number))
    inverse = cho_solve((factor, True), np.eye(number)[:, width:])
    deviations: Floats = noise * np.sqrt(np.maximum(np.diagonal(inverse[width:]), 0))
    return deviations


def _penalised(sums: Sums, number: int) -> Floats:
    products = sums.products[:number, :number].copy()
    products[np.arange(1, number), np.arange(1, number)] += ALPHA
    return products


def _factor(products: Floats) -> Floats:
    from scipy.linalg import cholesky

    factor: Floats = cholesky(products, lower=True, overwrite_a=True, check_finite=False)
    return factor


def _slices(number: int) -> list[slice]:
    return [slice(start, start + _CHUNK) for start in range(0, number, _CHUNK)]
