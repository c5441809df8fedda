"""Scores from 0 to 1 that mean the same with few words as with many.

SigLIP was trained with a sigmoid for each pair of picture and text, so its score is that sigmoid. CLIP was trained
with a softmax over texts, which says which word fits best and not whether one fits: with two words it gives a picture
of neither about one half. So each word competes with background prompts instead of the other words.

The method is that of NegLabel (Jiang et al. 2024, arXiv 2403.20078): negative labels that are far from the word in
meaning, a softmax over the word and the negative labels, and the mean of it over groups of them. Groups matter for a
picture that shows two things: a background prompt that fits it too takes the score of its own group only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from classifiers.zero_shot.background import GROUPS

VERSION = "calibration 1"
"""Part of the version of CLIP's labels: change it whenever a score would differ."""
NEAR_SHARE = 0.25
"""The share of the background that is nearest to a word in meaning. These prompts do not compete with it: 'swimming'
would with 'swimming pool'."""

Matrix = NDArray[np.float64]


class Calibration(Protocol):
    """How cosines become scores."""

    @property
    def scale(self) -> float:
        """The model's factor of the cosine."""
        ...

    def scores(self, pictures: Matrix, words: Matrix) -> Matrix:
        """Scores, (pictures, words), from normalised embeddings, (pictures or words, dimensions)."""
        ...


@dataclass(frozen=True, slots=True)
class SigmoidCalibration:
    """SigLIP's own probability: the sigmoid of `scale` times the cosine plus `bias`."""

    scale: float
    bias: float

    def scores(self, pictures: Matrix, words: Matrix) -> Matrix:
        """The probability of each pair."""
        with np.errstate(over="ignore"):
            scores: Matrix = 1.0 / (1.0 + np.exp(-(self.scale * (pictures @ words.T) + self.bias)))
        return scores


class BackgroundCalibration:
    """CLIP's softmax over a word and one group of background prompts, averaged over the groups.

    `background` are normalised embeddings, (prompts, dimensions); `scale` is CLIP's factor of the cosine.
    """

    def __init__(self, scale: float, background: Matrix) -> None:
        self.scale = scale
        self._background = background

    def scores(self, pictures: Matrix, words: Matrix) -> Matrix:
        """The mean probability of each word beside the background prompts that are far from it in meaning."""
        own, others = self.scale * (pictures @ words.T), self.scale * (pictures @ self._background.T)
        highest = np.maximum(own.max(axis=1), others.max(axis=1))[:, np.newaxis]
        own, others = np.exp(own - highest), np.exp(others - highest)
        competes = select_distant(words, self._background)
        scores: Matrix = np.zeros_like(own)
        for group in range(GROUPS):
            scores += own / (own + others[:, group::GROUPS] @ competes[:, group::GROUPS].T)
        scores /= GROUPS
        return scores


def select_distant(words: Matrix, background: Matrix) -> Matrix:
    """1 for the background prompts that compete with a word and 0 for the nearest ones, (words, prompts)."""
    near = round(NEAR_SHARE * len(background))
    order = np.argsort(-(words @ background.T), axis=1, kind="stable")
    competes = np.ones((len(words), len(background)))
    np.put_along_axis(competes, order[:, :near], 0.0, axis=1)
    return competes


def apply_softmax(
    scores: Matrix, pictures: Matrix, words: Matrix, scale: float, groups: Sequence[Sequence[int]]
) -> None:
    """Multiply the scores of exclusive groups, given as columns, by the softmax within each group.

    A score is then the probability that the word fits, times its share of the group. Only the best word of a group has
    a score: the others get 0, which gives no label.
    """
    for columns in groups:
        logits = scale * (pictures @ words[list(columns)].T)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        best = logits.argmax(axis=1)
        shares = np.zeros_like(powers)
        np.put_along_axis(shares, best[:, np.newaxis], 1.0 / powers.sum(axis=1, keepdims=True), axis=1)
        scores[:, list(columns)] *= shares


def fit_logits(cosines: Matrix, logits: Matrix) -> tuple[float, float]:
    """Scale and bias that turn cosines into a model's logits, by least squares, rounded to four digits.

    Raises `ValueError` if no straight line fits them.
    """
    design = np.stack([cosines.ravel(), np.ones(cosines.size)], axis=1)
    (scale, bias), *_ = np.linalg.lstsq(design, logits.ravel(), rcond=None)
    off = float(np.abs(design @ (scale, bias) - logits.ravel()).max())
    spread = float(np.ptp(logits))
    if not (np.isfinite([scale, bias]).all() and scale > 0 and off <= 0.05 * spread + 0.01):
        raise ValueError(
            f"its logits are no linear function of the cosines (off by {off:.3g} of {spread:.3g})"
        )
    return float(f"{scale:.4g}"), float(f"{bias:.4g}")
