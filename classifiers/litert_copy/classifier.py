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
from classifiers.interpreters import MAX_INTERPRETERS, InterpreterPool
from classifiers.keras_options import KerasOptions
from classifiers.litert_copy.files import CopyDescription, read_copy
from classifiers.litert_copy.identity import identify
from classifiers.pictures import PictureFile
from classifiers.protocol import Label, PreparedPicture
from classifiers.scores import Classes

logger = logging.getLogger(__name__)

MAX_POOL_BYTES = 1_000_000_000
"""Of all interpreters of one copy."""
_BYTES_PER_BYTE = 1.5
"""Memory of an interpreter for each byte of its file (docs/measurements.md): it packs the weights for itself."""


class CopyModel:
    """A LiteRT file that takes one picture. Raises `ValueError` or `RuntimeError` if `content` is none.

    Up to `callers` threads may use it at once. With `one_caller` it is one thread's, and each picture is computed on all
    cores.
    """

    def __init__(self, content: bytes, *, one_caller: bool = False) -> None:
        callers = 1 if one_caller else count_interpreters(len(content), cores())
        self._pool = InterpreterPool(content, callers, threads=max(1, cores() // callers))
        self.callers = self._pool.callers
        [self._input] = self._pool.inputs
        _, self.height, self.width, _ = self._input["shape"].tolist()

    def outputs(self, pictures: Sequence[PreparedPicture]) -> list[NDArray[np.float32]]:
        """Scores (pictures, classes), and embeddings (pictures, dimensions) if it has some, of uint8 RGB pictures."""
        outputs = [
            np.empty((len(pictures), *one["shape"].tolist()[1:]), np.float32) for one in self._pool.outputs
        ]
        with self._pool.borrow() as interpreter:
            for number, picture in enumerate(pictures):
                interpreter.set_tensor(self._input["index"], picture[np.newaxis])
                interpreter.invoke()
                for rows, details in zip(outputs, self._pool.outputs, strict=True):
                    rows[number] = interpreter.get_tensor(details["index"])[0]
        return outputs


def count_interpreters(file_bytes: int, processors: int) -> int:
    """How many interpreters compute at once: one per core, as long as their memory is bounded."""
    fitting = int(MAX_POOL_BYTES / (_BYTES_PER_BYTE * max(1, file_bytes)))
    return max(1, min(MAX_INTERPRETERS, processors, fitting))


class LitertCopy:
    """A Keras classifier of the same version. An interpreter labels one picture at a time; each caller has its own."""

    batch_size = 8
    """Small, so that all callers have a batch even if few pictures are pending."""

    def __init__(
        self, name: str, options: KerasOptions, description: CopyDescription, model: CopyModel
    ) -> None:
        self.name = name
        self.version = description.version
        self.embedding_version = description.embedding_version
        self.callers = model.callers
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
        return self._classes.labels(self._model.outputs(batch)[0]) if batch else []

    def label_and_embed(
        self, batch: Sequence[PreparedPicture]
    ) -> tuple[list[list[Label]], NDArray[np.float16]]:
        """Label and embed the pictures one after the other, where `embedding_version` is not None."""
        scores, vectors = self._model.outputs(batch)
        return self._classes.labels(scores), vectors.clip(-MAX_FLOAT16, MAX_FLOAT16).astype(np.float16)


def open_copy(
    folder: Path, name: str, options: KerasOptions, *, one_caller: bool = False
) -> LitertCopy | None:
    """The copy of a classifier with these options; None if `folder` has none that can be used.

    `one_caller` is as for `CopyModel`: a single picture is labelled sooner, and many pictures later.
    """
    try:
        found = read_copy(folder, identify(options))
        if found is not None:
            return LitertCopy(name, options, found[0], CopyModel(found[1], one_caller=one_caller))
    except (
        OSError,
        ValueError,
        RuntimeError,
        LookupError,
        ImportError,
    ):  # the last four: LiteRT, for a file that is no model, and where it is not installed
        logger.debug("The copy of %s can't be used", name, exc_info=True)
    return None
