"""A copy as a classifier: the labels, the scores and the embeddings of its Keras model, to rounding."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.applications import preparation_of
from classifiers.cores import cores
from classifiers.embedding import MAX_FLOAT16
from classifiers.groups import find_groups
from classifiers.keras_options import KerasOptions
from classifiers.litert_copy.files import CopyDescription, read_copy
from classifiers.litert_copy.identity import identify
from classifiers.native import filter_native_output
from classifiers.pictures import PictureFile
from classifiers.protocol import Label, PreparedPicture
from classifiers.scores import Classes

logger = logging.getLogger(__name__)


class CopyModel:
    """A LiteRT file that takes one picture. Raises `ValueError` or `RuntimeError` if `content` is none."""

    def __init__(self, content: bytes) -> None:
        with filter_native_output():
            from ai_edge_litert.interpreter import Interpreter

            self._interpreter = Interpreter(model_content=content, num_threads=cores())
            self._interpreter.allocate_tensors()
        [self._input] = self._interpreter.get_input_details()
        self._outputs = self._interpreter.get_output_details()
        _, self.height, self.width, _ = self._input["shape"].tolist()

    def outputs(self, picture: PreparedPicture) -> list[NDArray[np.float32]]:
        """Scores (classes), and the embedding (dimensions) if there is one, of uint8 RGB (height, width, 3)."""
        self._interpreter.set_tensor(self._input["index"], picture[np.newaxis])
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(one["index"])[0] for one in self._outputs]


class LitertCopy:
    """A Keras classifier of the same version, for few pictures. One thread at a time labels."""

    batch_size = 1

    def __init__(
        self, name: str, options: KerasOptions, description: CopyDescription, model: CopyModel
    ) -> None:
        self.name = name
        self.version = description.version
        self.embedding_version = description.embedding_version
        self._model = model
        self._classes = Classes(
            description.names, description.ids, options.top, options.min_score, options.multi_label
        )
        self.groups = find_groups(self._classes.names)
        self._resampling, _ = preparation_of(options.application)

    def prepare(self, picture: PictureFile) -> PreparedPicture:
        """As the Keras classifier: uint8 RGB of the model's input size, (height, width, 3)."""
        return picture.rgb_array(
            self._model.width, self._model.height, exact=False, resampling=self._resampling
        )

    def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
        """Label the pictures one after the other."""
        return self._labels([self._model.outputs(picture) for picture in batch])

    def label_and_embed(
        self, batch: Sequence[PreparedPicture]
    ) -> tuple[list[list[Label]], NDArray[np.float16]]:
        """Label and embed the pictures one after the other, where `embedding_version` is not None."""
        outputs = [self._model.outputs(picture) for picture in batch]
        vectors = np.stack([one[1] for one in outputs])
        return self._labels(outputs), vectors.clip(-MAX_FLOAT16, MAX_FLOAT16).astype(np.float16)

    def _labels(self, outputs: Sequence[list[NDArray[np.float32]]]) -> list[list[Label]]:
        return self._classes.labels(np.stack([one[0] for one in outputs])) if outputs else []


def open_copy(folder: Path, name: str, options: KerasOptions) -> LitertCopy | None:
    """The copy of a classifier with these options; None if `folder` has none that can be used."""
    try:
        found = read_copy(folder, identify(options))
        if found is not None:
            return LitertCopy(name, options, found[0], CopyModel(found[1]))
    except (
        OSError,
        ValueError,
        RuntimeError,
        LookupError,
    ):  # the last three: LiteRT, for a file that is no model
        logger.debug("The copy of %s can't be used", name, exc_info=True)
    return None
