"""The kind `trained`: labels stored embeddings with a model of `likelens train`, and never opens a picture."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import ClassifierUnavailable
from classifiers.pictures import PictureFile
from classifiers.protocol import Label, PreparedPicture
from classifiers.trained.model_folder import TrainedModel
from classifiers.trained.options import TrainedOptions

_SCORE_DIGITS = 4  # further digits depend on the machine


class TrainedClassifier:
    """A logistic regression on the embeddings of its backbone."""

    batch_size = 1
    """It gets no batches of pictures."""

    def __init__(self, name: str, model: TrainedModel, options: TrainedOptions) -> None:
        self.name = name
        chosen = f"{options.min_score} {options.top} {options.other_label}"
        digest = hashlib.sha256(f"{model.digest} {chosen}".encode()).hexdigest()[:12]
        self.version = f"trained-{digest}"
        backbone = model.description.backbone
        self.vectors_of = (options.backbone or backbone.classifier, backbone.version)
        self.when_backbone_changed = (
            f"Train {name} again: `likelens train {model.description.name} --csv"
            f" {options.model / 'pictures.csv'} --replace`."
        )
        self._model = model
        self._options = options

    def prepare(self, picture: PictureFile) -> PreparedPicture:
        """Raises `ClassifierUnavailable`: pictures are not read."""
        raise self._not_pictures()

    def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
        """Raises `ClassifierUnavailable`: pictures are not read."""
        raise self._not_pictures()

    def label_vectors(self, vectors: NDArray[np.float16]) -> list[list[Label]]:
        """Label embeddings, shape (pictures, dimensions): the probabilities of the classes that are probable enough.

        Raises `ClassifierUnavailable` if they have another number of dimensions than the model.
        """
        dimensions = self._model.coefficients.shape[1]
        if vectors.shape[1] != dimensions:
            raise ClassifierUnavailable(
                f"The embeddings of {self.vectors_of[0]} have {vectors.shape[1]} numbers, and the model of {self.name} needs"
                f" {dimensions}. {self.when_backbone_changed}"
            )
        names = self._model.description.classes
        label = self._label if self._model.description.yes is None else self._label_yes
        return [
            label(dict(zip(names, row, strict=True))) for row in self._model.probabilities(vectors).tolist()
        ]

    def _label(self, shares: dict[str, float]) -> list[Label]:
        best = sorted(shares.items(), key=lambda pair: -pair[1])[: self._options.top]
        return [
            Label(name, round(share, _SCORE_DIGITS), rank)
            for rank, (name, share) in enumerate(best, 1)
            if share >= self._options.min_score
        ]

    def _label_yes(self, shares: dict[str, float]) -> list[Label]:
        yes = str(self._model.description.yes)
        if (share := shares[yes]) >= self._options.min_score:
            return [Label(yes, round(share, _SCORE_DIGITS), 1)]
        other = self._options.other_label
        return [Label(other, round(1 - share, _SCORE_DIGITS), 1)] if other else []

    def _not_pictures(self) -> ClassifierUnavailable:
        return ClassifierUnavailable(
            f"{self.name} labels the stored embeddings of {self.vectors_of[0]}, and no pictures."
        )
