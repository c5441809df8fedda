"""Turn a model's scores into labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.protocol import Label


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes of a model in the order of its outputs, and how many of them a picture gets as labels."""

    names: Sequence[str]
    ids: Sequence[str | None]
    top: int

    @property
    def version_text(self) -> str:
        """The part of a classifier's version that follows from its classes."""
        return "\n".join([*self.names, str(self.top)])

    def labels(self, scores: NDArray[np.float32]) -> list[Label]:
        """The `top` best classes of one picture from its scores, one float per class.

        Classes with equal scores keep the model's order, so the labels never depend on chance. A score of 0
        gives no label: quantised models give it to nearly all classes, and the first of them would be everywhere.
        """
        scores = to_probabilities(scores)
        best = [index for index in np.argsort(-scores, kind="stable")[: self.top] if scores[index] > 0]
        return [
            Label(label=self.names[index], label_id=self.ids[index], score=float(scores[index]), rank=rank)
            for rank, index in enumerate(best, start=1)
        ]


def to_probabilities(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """One picture's scores from 0 to 1; applies softmax for a model that ends before it."""
    if scores.min() < 0.0 or scores.max() > 1.0 + 1e-3 or scores.sum() > 2.0:
        scores = np.exp(scores - scores.max())
        scores /= scores.sum()
    return np.clip(scores, 0.0, 1.0)
