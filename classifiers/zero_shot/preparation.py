"""A picture resized and cropped as the model was trained, and its bytes scaled."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from classifiers.pictures import MIN_DECODE_SCALE, PictureFile
from classifiers.zero_shot.configuration import PictureInput

VERSION = b"prepare 1"
"""Part of the embeddings' version: change it whenever `prepare_picture` or `scale_pictures` gives other results."""


def prepare_picture(picture: PictureFile, spec: PictureInput) -> NDArray[np.uint8]:
    """The picture at the tower's size: uint8 RGB of shape (height, width, 3).

    A JPEG is decoded at a half, a quarter or an eighth of its size if both sides still have 1.5 times the target.
    Raises as `PictureFile.rgb` does.
    """
    target = spec.shortest or max(spec.width, spec.height)
    image = picture.rgb(math.ceil(MIN_DECODE_SCALE * target))
    box = None if spec.shortest is None else crop_box(image.width, image.height, spec)
    resized = image.resize((spec.width, spec.height), spec.resampling, box)
    return np.asarray(resized, dtype=np.uint8)


def crop_box(width: int, height: int, spec: PictureInput) -> tuple[float, float, float, float]:
    """The part of a picture that stays after a resize to the shorter side and a crop of the centre.

    Left, top, right, bottom in the picture's pixels. Resizing only that part gives the same pixels, and a picture of
    1 x 60,000 pixels does not become one of 224 x 13,440,000. Rounding is that of transformers' image processors.
    """
    assert spec.shortest is not None
    scale = spec.shortest / min(width, height)
    across, down = (
        spec.shortest if side == min(width, height) else int(side * scale) for side in (width, height)
    )
    left, top = (across - spec.width) // 2, (down - spec.height) // 2
    per_x, per_y = width / across, height / down
    right, bottom = (left + spec.width) * per_x, (top + spec.height) * per_y
    return left * per_x, top * per_y, min(right, width), min(bottom, height)


def scale_pictures(pictures: NDArray[np.uint8], spec: PictureInput) -> NDArray[np.float32]:
    """The tower's input, (pictures, 3, height, width), from uint8 RGB, (pictures, height, width, 3)."""
    scaled = np.empty((len(pictures), 3, spec.height, spec.width), np.float32)
    for channel in range(3):
        # One channel at a time, so that each pixel is converted, moved and scaled in one pass.
        np.multiply(pictures[..., channel], np.float32(spec.factor[channel]), out=scaled[:, channel])
        scaled[:, channel] += np.float32(spec.offset[channel])
    return scaled
