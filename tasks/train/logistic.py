"""Logistic regression with an L2 penalty on embeddings of length 1, and the calibration of its probabilities."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

STRENGTHS = (0.1, 1.0, 10.0, 100.0, 1000.0)
"""Values of C, the inverse of the penalty, of which a cross-validation chooses one."""
MAX_ITERATIONS = 2000
_SCALES = np.geomspace(0.05, 5.0, 100)
"""Factors of the logits, of which the calibration chooses one."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients, (classes, dimensions), and intercepts, (classes,)."""

    coefficients: Floats
    intercepts: Floats

    def logits(self, vectors: Floats) -> Floats:
        """The logits of the classes, (pictures, classes)."""
        return vectors @ self.coefficients.T + self.intercepts

    def scaled(self, factor: float) -> Fit:
        """The same with all logits multiplied."""
        return Fit(self.coefficients * factor, self.intercepts * factor)


def rotate(vectors: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """The vectors in as few dimensions as they span, (pictures, rank), and the rotation back, (rank, dimensions).

    A rotation changes neither distances nor the penalty, so the fit is the same, and faster for a few pictures.
    """
    wide = vectors.astype(np.float64)
    if len(wide) >= wide.shape[1]:
        return wide, np.eye(wide.shape[1])
    _, _, axes = np.linalg.svd(wide, full_matrices=False)
    return wide @ axes.T, axes


@contextmanager
def on_one_thread() -> Iterator[None]:
    """Let linear algebra use one thread: hundreds of small fits are ten times as slow with threads that wait."""
    from threadpoolctl import threadpool_limits  # scikit-learn brings it

    with threadpool_limits(1):
        yield


def fit(vectors: Floats, classes: Integers, number: int, strength: float) -> Fit:
    """The regression of `classes`, numbered from 0 to below `number`; each is there at least once."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    model: Any = LogisticRegression(C=strength, max_iter=MAX_ITERATIONS)
    with warnings.catch_warnings():
        # Separable classes without much of a penalty: the fit is good long before it converges.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(vectors, classes)
    if number > 2:
        return Fit(model.coef_, model.intercept_)
    # scikit-learn has one row for two classes: the logit of the second against the first.
    zeros = np.zeros_like(model.coef_)
    return Fit(np.concatenate([zeros, model.coef_]), np.concatenate([[0.0], model.intercept_]))


def probabilities(logits: Floats) -> Floats:
    """Softmax: the probability of each class, (pictures, classes)."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=1, keepdims=True)
    return shares


def log_loss(logits: Floats, classes: Integers) -> float:
    """The mean negative logarithm of the probability of the right class."""
    right = probabilities(logits)[np.arange(len(classes)), classes]
    return float(-np.log(np.clip(right, 1e-15, 1)).mean())


def find_scale(logits: Floats, classes: Integers) -> float:
    """The factor of the logits that makes their probabilities fit best (temperature scaling, Guo et al. 2017).

    `logits` are those of pictures that the model had not seen. The right class counts (n + 1) / (n + 2) with n
    pictures of it, and not 1 (Platt 1999), so that a few pictures without a mistake do not make it certain.
    """
    counts = np.bincount(classes, minlength=logits.shape[1])[classes]
    sureness = (counts + 1) / (counts + 2)
    others = logits.shape[1] - 1
    targets = np.repeat(((1 - sureness) / others)[:, np.newaxis], logits.shape[1], axis=1)
    targets[np.arange(len(classes)), classes] = sureness

    def loss(factor: float) -> float:
        return float(
            -(targets * np.log(np.clip(probabilities(logits * factor), 1e-15, 1))).sum(axis=1).mean()
        )

    return float(min(_SCALES, key=loss))
