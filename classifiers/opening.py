"""Open a picture's bytes as an image; rewrite the file if Pillow refuses what browsers show."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO, TypeVar

from PIL import Image

from classifiers.formats import FORMATS, MAX_PIXELS
from classifiers.repair import rewrite
from classifiers.repair.bmff import prepare_boxes

Result = TypeVar("Result")


class PictureData:
    """The bytes of one picture file, for one thread at a time.

    `is_sound` becomes False if the file had to be rewritten; other programs may refuse it.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._can_rewrite = True
        self.is_sound = True

    def read(self, use: Callable[[Image.Image], Result], min_side: int | None = None) -> Result:
        """Call `use` with the opened image, which is not decoded yet, and return its result.

        With `min_side`, a JPEG may have a half, a quarter or an eighth of its size, if both sides still have that
        many pixels. Raises whatever Pillow and `use` raise, and `DecompressionBombError` above `MAX_PIXELS`.
        """
        try:
            return self._read(use, min_side)
        except Image.DecompressionBombError:
            raise
        except Exception:  # hostile and broken files make decoders raise nearly anything
            if not self._can_rewrite:
                raise
            self._can_rewrite = False
            if (file := rewrite(self._data)) is None:
                raise
            self._data, self.is_sound = file, False
        return self._read(use, min_side)

    def _read(self, use: Callable[[Image.Image], Result], min_side: int | None) -> Result:
        with open_image(io.BytesIO(prepare_boxes(self._data))) as image:
            if min_side is not None:
                image.draft(None, (min_side, min_side))  # has an effect on JPEG only
            return use(image)


def open_image(file: BinaryIO) -> Image.Image:
    """Open the image in a file: read its header and check its size. Raises as `PictureData.read` does."""
    image = Image.open(file, formats=FORMATS)
    if image.width * image.height > MAX_PIXELS:
        image.close()
        raise Image.DecompressionBombError(f"{image.width} x {image.height} pixels are over the limit")
    return image
