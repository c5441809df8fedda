"""The kind `themes`: a stored embedding gets the name of its nearest theme; no picture is opened."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import ClassifierUnavailable
from classifiers.pictures import PictureFile
from classifiers.protocol import Label, PreparedPicture
from classifiers.themes.model_folder import ThemesModel

VERSION_PREFIX = "themes-"
"""How every version of this kind begins."""
_SCORE_DIGITS = 4  # further digits depend on the machine


class ThemesClassifier:
    """The themes of a home folder. Each picture gets one label: its theme, with how typical it is as the score.

    The score is the cosine between the picture's centred embedding and the theme's centroid; 0 where it is negative.
    """

    batch_size = 1
    """It gets no batches of pictures."""

    def __init__(self, name: str, model: ThemesModel, min_score: float = 0.0) -> None:
        self.name = name
        digest = hashlib.sha256(f"{model.digest} {min_score}".encode()).hexdigest()[:12]
        self.version = f"{VERSION_PREFIX}{digest}"
        backbone = model.description.backbone
        self.vectors_of = (backbone.classifier, backbone.version)
        self.when_backbone_changed = (
            f"Run again after the lane {backbone.classifier} is complete: {name} finds its themes again."
        )
        self._model = model
        self._min_score = min_score

    def prepare(self, picture: PictureFile) -> PreparedPicture:
        """Raises `ClassifierUnavailable`: pictures are not read."""
        raise self._not_pictures()

    def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
        """Raises `ClassifierUnavailable`: pictures are not read."""
        raise self._not_pictures()

    def label_vectors(self, vectors: NDArray[np.float16]) -> list[list[Label]]:
        """Label embeddings, shape (pictures, dimensions), with the nearest theme if it is near enough.

        Raises `ClassifierUnavailable` if they have another number of dimensions than the centroids.
        """
        dimensions = self._model.centroids.shape[1]
        if vectors.shape[1] != dimensions:
            raise ClassifierUnavailable(
                f"The embeddings of {self.vectors_of[0]} have {vectors.shape[1]} numbers, and the themes of {self.name}"
                f" have {dimensions}. Delete the folder of its themes; the next run finds them again."
            )
        numbers, scores = self._model.assign(vectors)
        names = self._model.description.names
        return [
            [Label(names[number], round(score, _SCORE_DIGITS), 1)] if score >= self._min_score else []
            for number, score in zip(numbers.tolist(), scores.tolist(), strict=True)
        ]

    def _not_pictures(self) -> ClassifierUnavailable:
        return ClassifierUnavailable(
            f"{self.name} labels the stored embeddings of {self.vectors_of[0]}, and no pictures."
        )
