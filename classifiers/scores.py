"""Turn a model's scores into labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import ClassifierUnavailable
from classifiers.protocol import Label


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
        scores = _require_probabilities(scores) if self.multi_label else to_probabilities(scores)
        best = _best(scores, min(self.top, scores.shape[1]))
        best_scores = np.take_along_axis(scores, best, 1)
        # All pictures at once, because a loop over arrays would take longer than a GPU takes for the model.
        return [
            [
                Label(label=self.names[index], label_id=self.ids[index], score=score, rank=rank)
                for rank, (index, score) in enumerate(zip(*picture, strict=True), start=1)
                if score > 0 and score >= self.min_score
            ]
            for picture in zip(best.tolist(), best_scores.tolist(), strict=True)
        ]


def to_probabilities(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each picture's scores from 0 to 1; applies softmax where a model ends before it."""
    low, high, total = (of(scores, axis=1) for of in (np.min, np.max, np.sum))
    unbounded = (low < 0.0) | (high > 1.0 + 1e-3) | (total > 2.0)
    if unbounded.any():
        powers = np.exp(scores[unbounded] - high[unbounded, np.newaxis])
        scores = scores.copy()
        scores[unbounded] = powers / powers.sum(axis=1, keepdims=True)
    return np.clip(np.nan_to_num(scores, nan=0.0), 0.0, 1.0)


def _require_probabilities(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    if np.min(scores) < 0.0 or np.max(scores) > 1.0 + 1e-3:
        raise ClassifierUnavailable(
            f"The model's scores reach from {np.min(scores):.3g} to {np.max(scores):.3g}, so it does not end in a"
            " sigmoid. Remove multi_label."
        )
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
