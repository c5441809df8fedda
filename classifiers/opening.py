"""A picture's bytes to an opened image, with the file rewritten where Pillow refuses what browsers show."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO, TypeVar

from PIL import Image

from classifiers.formats import FORMATS, MAX_PIXELS
from classifiers.repair import rewritten
from classifiers.repair.bmff import prepared

Result = TypeVar("Result")


class PictureData:
    """The bytes of one picture file, by one thread at a time.

    `is_sound` becomes False once the file had to be rewritten; other programs may refuse it.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._may_be_repaired = True
        self.is_sound = True

    def read(self, use: Callable[[Image.Image], Result], enough: int | None = None) -> Result:
        """What `use` makes of the image, which it is given opened and not decoded.

        A JPEG may have a half, a quarter or an eighth of its size, where both sides still have `enough` pixels.
        Raises whatever Pillow and `use` raise, and Pillow's `DecompressionBombError` above `MAX_PIXELS`.
        """
        try:
            return self._read(use, enough)
        except Image.DecompressionBombError:
            raise
        except Exception:  # hostile and broken files make decoders raise nearly anything
            if not self._may_be_repaired:
                raise
            self._may_be_repaired = False
            if (file := rewritten(self._data)) is None:
                raise
            self._data, self.is_sound = file, False
        return self._read(use, enough)

    def _read(self, use: Callable[[Image.Image], Result], enough: int | None) -> Result:
        with open_image(io.BytesIO(prepared(self._data))) as image:
            if enough is not None:
                image.draft(None, (enough, enough))  # for a JPEG alone: its decoder can leave out detail
            return use(image)


def open_image(file: BinaryIO) -> Image.Image:
    """The image in a file, its header read and its size checked. Raises as `PictureData.read` does."""
    image = Image.open(file, formats=FORMATS)
    if image.width * image.height > MAX_PIXELS:
        image.close()
        raise Image.DecompressionBombError(f"{image.width} x {image.height} pixels are over the limit")
    return image
