"""Turn a model's scores into labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import ClassifierUnavailable
from classifiers.protocol import Label

_TOLERANCE = 1e-3
"""How far above 1 rounding may bring a probability."""


@dataclass(frozen=True, slots=True)
class BestClasses:
    """The best classes of each picture, best first: their indices and scores, each of shape (pictures, classes)."""

    indices: NDArray[np.integer[Any]]
    scores: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes of a model in the order of its outputs, and which of them a picture gets as labels.

    These are the `top` best with a score of at least `min_score`, from 0 to 1. The scores of a `multi_label` model
    are independent of each other and stay as they are.
    """

    names: Sequence[str]
    ids: Sequence[str | None]
    top: int
    min_score: float = 0.0
    multi_label: bool = False

    @property
    def version_text(self) -> str:
        """The part of a classifier's version that follows from its classes."""
        options = [f"min_score {self.min_score}"] * (self.min_score > 0) + ["multi_label"] * self.multi_label
        return "\n".join([*self.names, str(self.top), *options])

    def labels(self, scores: NDArray[np.float32]) -> list[list[Label]]:
        """The `top` best classes of each picture from its scores, shape (pictures, classes).

        Classes with equal scores keep the model's order, so the labels never depend on chance. A score of 0
        gives no label: quantised models give it to nearly all classes, and the first of them would be everywhere.
        Raises `ClassifierUnavailable` if a `multi_label` model's scores are not from 0 to 1.
        """
        return self.labels_of_best(self.find_best(scores))

    def find_best(self, scores: NDArray[np.float32]) -> BestClasses:
        """The `top` best classes by scores of shape (pictures, classes), as `labels` orders and checks them."""
        if self.multi_label:
            self.require_probabilities(np.min(scores, axis=1), np.max(scores, axis=1))
            scores = np.clip(np.nan_to_num(scores, nan=0.0), 0.0, 1.0)
        else:
            scores = to_probabilities(scores)
        best = _best(scores, min(self.top, scores.shape[1]))
        return BestClasses(best, np.take_along_axis(scores, best, 1))

    def find_best_on_device(self, scores: Any) -> list[Any]:
        """The same in Keras' operations, to be compiled with the model for a GPU.

        Returns scores and indices of the `top` best, each (pictures, `top`), and the lowest and highest score of each
        picture, for `require_probabilities`. JAX and XLA keep the order of equal scores; PyTorch's `topk` does not.
        """
        from keras import ops

        low, high, total = (of(scores, axis=1, keepdims=True) for of in (ops.min, ops.max, ops.sum))
        chances = scores
        if not self.multi_label:
            unbounded = (low < 0.0) | (high > 1.0 + _TOLERANCE) | (total > 2.0)
            chances = ops.where(unbounded, ops.softmax(scores, axis=1), scores)
        chances = ops.clip(ops.nan_to_num(chances, nan=0.0), 0.0, 1.0)
        best, indices = ops.top_k(chances, min(self.top, scores.shape[1]), sorted=True)
        return [best, indices, low[:, 0], high[:, 0]]

    def require_probabilities(self, low: NDArray[np.float32], high: NDArray[np.float32]) -> None:
        """Raise `ClassifierUnavailable` if a `multi_label` model's lowest and highest scores are not from 0 to 1."""
        if self.multi_label and (np.min(low) < 0.0 or np.max(high) > 1.0 + _TOLERANCE):
            raise ClassifierUnavailable(
                f"The model's scores reach from {np.min(low):.3g} to {np.max(high):.3g}, so it does not end in a"
                " sigmoid. Remove multi_label."
            )

    def labels_of_best(self, best: BestClasses) -> list[list[Label]]:
        """The labels of each picture from its best classes."""
        # Lists and no keywords: all that Python does here is time in which a GPU waits for its lock.
        names, ids, min_score = self.names, self.ids, self.min_score
        ranks = range(1, best.indices.shape[1] + 1)
        return [
            [
                Label(names[index], score, rank, ids[index])
                for index, score, rank in zip(indices, scores, ranks, strict=True)
                if score > 0 and score >= min_score
            ]
            for indices, scores in zip(best.indices.tolist(), best.scores.tolist(), strict=True)
        ]


def to_probabilities(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each picture's scores from 0 to 1; applies softmax where a model ends before it."""
    low, high, total = (of(scores, axis=1) for of in (np.min, np.max, np.sum))
    unbounded = (low < 0.0) | (high > 1.0 + _TOLERANCE) | (total > 2.0)
    if unbounded.any():
        powers = np.exp(scores[unbounded] - high[unbounded, np.newaxis])
        scores = scores.copy()
        scores[unbounded] = powers / powers.sum(axis=1, keepdims=True)
    return np.clip(np.nan_to_num(scores, nan=0.0), 0.0, 1.0)


def _best(scores: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """The indices of the `count` best classes of each picture, best first, for scores of at least 0."""
    # The bits of such floats order as integers do. With the class below them no two keys are equal, so the result
    # never depends on chance, and a partition of the keys is faster than one of indices.
    classes = scores.shape[1]
    keys = (np.ascontiguousarray(scores).view(np.int32).astype(np.int64) << 32) | np.arange(classes)[::-1]
    best = np.sort(np.partition(keys, classes - count, axis=1)[:, classes - count :], axis=1)[:, ::-1]
    indices: NDArray[np.int64] = classes - 1 - (best & 0xFFFFFFFF)
    return indices
