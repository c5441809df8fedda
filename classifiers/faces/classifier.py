"""Pictures to labels: the number of faces, whether one is close, and a box for each."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from classifiers.faces.decoding import merge_boxes
from classifiers.faces.detectors import FULL_RANGE, SHORT_RANGE, Detector, load_detector
from classifiers.pictures import MIN_DECODE_SCALE, PictureFile
from classifiers.protocol import Box, Label, PreparedPicture

RULES = "faces-1: letterbox 384, box mean, both models merged, close-up 0.1"
"""Part of the version: change it with any change of the code that can change a label, a score or a box."""

SIDE = 384
"""Longer side of a prepared picture in pixels: a multiple of the sides of both models."""
MIN_CLOSE_UP_SHARE = 0.1
"""Share (0 to 1) of the picture's area from which on a face is a close-up: a third of the side of a square picture.
The box of a face reaches from ear to ear and from the forehead to the chin."""
COUNT_LABELS = ("no face", "one face", "two faces", "group")
"""The label for each number of faces; the last is for three and more."""
CLOSE_UP = "close-up"
FACE = "face"
"""The label of each region."""
_SCORE_DIGITS = 4  # further digits depend on the machine

Face = tuple[float, NDArray[np.float32]]
"""A score, and a box as fractions of the picture."""


class FacesClassifier:
    """Two detectors: one finds small faces, the other those that fill the picture."""

    batch_size = 8
    """Small, so that all callers have a batch even if few pictures are pending."""

    def __init__(self, name: str, version: str, detectors: Sequence[Detector]) -> None:
        self.name = name
        self.version = version
        self.callers = detectors[0].interpreters.callers
        self._detectors = detectors

    def prepare(self, picture: PictureFile) -> PreparedPicture:
        """uint8 RGB of the picture's own proportions, (height, width, 3), with a longer side of `SIDE` pixels."""
        image = picture.rgb(round(MIN_DECODE_SCALE * SIDE))
        scale = SIDE / max(image.size)
        width, height = (max(1, round(side * scale)) for side in image.size)
        return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR), dtype=np.uint8)

    def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
        """The labels of each prepared picture: of the picture first, then of each face, the surest first."""
        return [self._label(picture) for picture in batch]

    def _label(self, picture: PreparedPicture) -> list[Label]:
        height, width = picture.shape[:2]
        left, top = (SIDE - width) // 2, (SIDE - height) // 2
        square = Image.new("RGB", (SIDE, SIDE))  # black around the picture, as in MediaPipe's graph
        square.paste(Image.fromarray(picture.astype(np.uint8, copy=False)), (left, top))
        found = [detector.find(_downsize(square, detector.side)) for detector in self._detectors]
        scores = np.concatenate([scores for scores, _ in found])
        boxes = np.concatenate([boxes for _, boxes in found]) * SIDE
        boxes = (boxes - (left, top, left, top)) / (width, height, width, height)
        limits = np.repeat([one.min_score for one in self._detectors], [len(one[0]) for one in found])
        is_face = scores >= limits
        merged = merge_boxes(scores[is_face], boxes[is_face].astype(np.float32))
        faces = [(score, np.clip(box, 0, 1)) for score, box in merged]
        return name_faces(faces, best_score=float(found[0][0].max()))


def name_faces(faces: Sequence[Face], best_score: float) -> list[Label]:
    """The labels of a picture with these faces, the surest first.

    The score of a number of faces is that of its least sure face; without a face it is 1 - `best_score`, the
    best score that the full-range model gives to any place.
    """
    number = min(len(faces), len(COUNT_LABELS) - 1)
    sureness = faces[number - 1][0] if number else 1 - best_score
    names = [(COUNT_LABELS[number], sureness)]
    close = [score for score, box in faces if _area(box) >= MIN_CLOSE_UP_SHARE]
    if close:
        names.append((CLOSE_UP, max(close)))
    names.sort(key=lambda pair: -pair[1])
    labels = [Label(name, round(score, _SCORE_DIGITS), rank) for rank, (name, score) in enumerate(names, 1)]
    regions = [
        Label(FACE, round(score, _SCORE_DIGITS), 1, region=region, box=Box(*map(float, box)))
        for region, (score, box) in enumerate(faces, 1)
    ]
    return labels + regions


def open_classifier(name: str) -> FacesClassifier:
    """The classifier called `name`. Raises `ClassifierUnavailable` if the models are not installed."""
    files = (FULL_RANGE, SHORT_RANGE)
    text = RULES + "".join(f"{file.sha256} {file.min_score}" for file in files)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return FacesClassifier(name, f"faces-{digest}", [load_detector(file) for file in files])


def _downsize(square: Image.Image, side: int) -> NDArray[np.uint8]:
    """The square with `side` pixels: each is the mean of those that it replaces."""
    return np.asarray(square.resize((side, side), Image.Resampling.BOX), dtype=np.uint8)


def _area(box: NDArray[np.float32]) -> float:
    return float((box[2] - box[0]) * (box[3] - box[1]))
