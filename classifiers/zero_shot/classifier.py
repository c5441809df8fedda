"""The classifier: pictures to vectors in batches, and vectors to labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.pictures import PictureFile
from classifiers.protocol import Label, PreparedPicture
from classifiers.zero_shot.calibration import Calibration, Matrix, apply_softmax
from classifiers.zero_shot.configuration import PictureInput
from classifiers.zero_shot.encoders import Towers
from classifiers.zero_shot.preparation import prepare_picture, scale_pictures

_SCORE_DIGITS = 6
"""Further digits depend on how many pictures a machine multiplies at once."""


@dataclass(frozen=True, slots=True)
class WordScorer:
    """Words, their normalised embeddings, (words, dimensions), and the choice of labels from their scores.

    `exclusive` are the groups whose words compete, as columns. `otherwise` is the label of a picture without a word,
    with what the best word lacks to 1 as its score; empty: it gets no label.
    """

    words: Sequence[str]
    vectors: Matrix
    calibration: Calibration
    exclusive: Sequence[Sequence[int]]
    top: int
    min_score: float
    otherwise: str

    def labels(self, pictures: NDArray[np.float16]) -> list[list[Label]]:
        """The `top` best words of each picture with a score of at least `min_score`, from rounded embeddings."""
        seen = pictures.astype(np.float64)
        lengths = np.linalg.norm(seen, axis=1, keepdims=True)
        seen /= np.where(lengths > 0, lengths, 1.0)  # rounding changes the length a little
        scores = self.calibration.scores(seen, self.vectors)
        apply_softmax(scores, seen, self.vectors, self.calibration.scale, self.exclusive)
        scores = np.round(scores, _SCORE_DIGITS)
        best = np.argsort(-scores, axis=1, kind="stable")[:, : self.top]
        best_scores = np.take_along_axis(scores, best, 1)
        return [self._choose(*picture) for picture in zip(best.tolist(), best_scores.tolist(), strict=True)]

    def _choose(self, best: Sequence[int], scores: Sequence[float]) -> list[Label]:
        """The labels of a picture from its best words and their scores."""
        labels = [
            Label(self.words[index], score, rank)
            for rank, (index, score) in enumerate(zip(best, scores, strict=True), start=1)
            if score > 0 and score >= self.min_score
        ]
        if not labels and self.otherwise:
            return [Label(self.otherwise, round(1.0 - scores[0], _SCORE_DIGITS), 1)]
        return labels


class ZeroShotClassifier:
    """A loaded model with its words. Labels are computed from the embeddings as they are stored, in float16."""

    def __init__(
        self,
        name: str,
        version: str,
        embedding_version: str,
        towers: Towers,
        spec: PictureInput,
        scorer: WordScorer,
        groups: Mapping[str, str],
    ) -> None:
        self.name = name
        self.version = version
        self.embedding_version: str | None = embedding_version
        self.vectors_of = (name, embedding_version)
        self.batch_size = towers.batch_size
        self.groups = groups
        self._towers = towers
        self._spec = spec
        self._scorer = scorer

    def prepare(self, picture: PictureFile) -> PreparedPicture:
        """uint8 RGB of the picture tower's input size, (height, width, 3)."""
        return prepare_picture(picture, self._spec)

    def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
        """Label up to `batch_size` pictures at once."""
        return self.label_and_embed(batch)[0]

    def label_and_embed(
        self, batch: Sequence[PreparedPicture]
    ) -> tuple[list[list[Label]], NDArray[np.float16]]:
        """The labels, and the embeddings, normalised, (pictures, dimensions).

        A batch is filled to one size, so that a picture's embedding does not depend on how many are beside it.
        """
        if not batch:
            return [], np.zeros((0, self._scorer.vectors.shape[1]), np.float16)
        filled = np.zeros((self.batch_size, self._spec.height, self._spec.width, 3), np.uint8)
        np.stack(batch, out=filled[: len(batch)])
        vectors = self._towers.embed_pictures(scale_pictures(filled, self._spec))
        rounded = vectors[: len(batch)].astype(np.float16)
        return self.label_vectors(rounded), rounded

    def label_vectors(self, vectors: NDArray[np.float16]) -> list[list[Label]]:
        """Label embeddings, (pictures, dimensions), as a pass over their pictures does."""
        return self._scorer.labels(vectors)
