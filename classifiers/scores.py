"""From a model's scores to labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers.protocol import Label


def as_probabilities(answer: NDArray[np.float32]) -> NDArray[np.float32]:
    """One picture's scores from 0 to 1, also of a model that ends before its softmax."""
    scores = answer
    if scores.min() < 0.0 or scores.max() > 1.0 + 1e-3 or scores.sum() > 2.0:
        scores = np.exp(scores - scores.max())
        scores /= scores.sum()
    return np.clip(scores, 0.0, 1.0)


def top_labels(
    scores: NDArray[np.float32], names: Sequence[str], ids: Sequence[str | None], top: int
) -> list[Label]:
    """The `top` best classes of one picture; `scores` has shape (classes,), float, 0 to 1.

    Classes with equal scores keep the model's order, so the answer never depends on chance. A score of 0
    is no label: quantised models give it to nearly all classes, and the first of them would be everywhere.
    """
    best = [index for index in np.argsort(-scores, kind="stable")[:top] if scores[index] > 0]
    return [
        Label(label=names[index], label_id=ids[index], score=float(scores[index]), rank=rank)
        for rank, index in enumerate(best, start=1)
    ]
