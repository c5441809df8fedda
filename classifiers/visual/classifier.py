"""The classifier: decode and downsize pictures one by one, label them in batches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from classifiers.pictures import PictureFile
from classifiers.protocol import Label, PreparedPicture
from classifiers.visual.pixels import Pixels
from classifiers.visual.properties import PROPERTIES

VERSION = "visual-2"
"""Stored with every label. Increase it with any change that can change a label or a score: a limit, a measure, a
colour name, the size or the method of downsizing. Only labels of one version are comparable."""

LONGER_SIDE = 256
"""In pixels. Enough for the texture that a viewer sees in a feed, and fast: milliseconds per picture."""

MIN_DECODED_SIDE = 384
"""The least size in pixels at which a JPEG may be decoded: 1.5 times `LONGER_SIDE`."""

_SCORE_DIGITS = 4  # further digits depend on the order in which a machine sums


class VisualClassifier:
    """It can always run."""

    version = VERSION
    batch_size = 32

    def __init__(self, name: str) -> None:
        self.name = name

    def prepare(self, picture: PictureFile) -> NDArray[np.uint8]:
        """The upright picture with its longer side at most `LONGER_SIDE`: uint8, (height, width, 3).

        Each pixel is the mean of those it replaces (box); a large JPEG is decoded at half its size or less. Small
        pictures keep their size. Raises `UnreadablePicture` if the file can't be decoded.
        """
        image = picture.rgb(MIN_DECODED_SIDE)
        scale = min(1.0, LONGER_SIDE / max(image.size))
        width, height = (max(1, round(side * scale)) for side in image.size)
        return np.asarray(image.resize((width, height), Image.Resampling.BOX), dtype=np.uint8)

    def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
        """The labels of each prepared picture, best first: at least one, its orientation."""
        return [_labels(Pixels(picture.astype(np.uint8, copy=False))) for picture in batch]


def _labels(pixels: Pixels) -> list[Label]:
    scores = [(name, round(score, _SCORE_DIGITS)) for row in PROPERTIES for name, score in row.labels(pixels)]
    scores.sort(key=lambda pair: (-pair[1], pair[0]))
    return [Label(name, score, rank) for rank, (name, score) in enumerate(scores, start=1)]
