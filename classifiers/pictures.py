"""Decode stored picture files to RGB pixels, safely. Every classifier that reads pixels starts here."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from classifiers.errors import UnreadablePicture, in_one_line
from classifiers.opening import PictureData

MIN_DECODE_SCALE = 1.5
"""A JPEG is decoded at this many times its target size or more. The final resize then smooths as much as one from
the full size, and pixels differ by rounding (0.2 to 0.4 of 255)."""

# The transposition that turns a picture upright, by its EXIF orientation (EXIF 2.32, tag 0x0112).
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_METADATA_ERRORS = (
    ArithmeticError, AttributeError, LookupError, OSError, SyntaxError, TypeError, ValueError, struct.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """A picture's format by Pillow's name, its size in pixels as stored, and its EXIF orientation.

    `is_sound` is False for a file that had to be rewritten to be decoded; other programs may refuse it.
    """

    format: str
    width: int
    height: int
    orientation: int
    is_sound: bool = True


def inspect_image(data: bytes) -> ImageInfo:
    """Describe the picture in `data` after decoding all of it. Raises `UnreadablePicture`.

    A JPEG is decoded at an eighth of its size, which reads all of its data in half the time.
    """

    def describe(image: Image.Image) -> tuple[str, int, int, int]:
        width, height = image.size
        image.draft(None, (width // 8 or 1, height // 8 or 1))
        image.load()
        return image.format or "", width, height, _orientation(image)

    picture = PictureData(data)
    with _decode_errors_as_unreadable():
        return ImageInfo(*picture.read(describe), picture.is_sound)


def decode_rgb(data: bytes) -> Image.Image:
    """As `PictureFile.rgb`, for bytes in memory."""
    with _decode_errors_as_unreadable():
        return PictureData(data).read(_upright_rgb)


class PictureFile:
    """A stored picture's file, read once, and decoded once for each scale that its classifiers request.

    For one thread at a time. It holds the decoded pixels, so discard it once the picture is prepared. The `source` is
    its path, or a function that returns its bytes or raises `OSError`.
    """

    def __init__(self, source: Path | Callable[[], bytes]) -> None:
        self._read = source.read_bytes if isinstance(source, Path) else source
        self._data: PictureData | None = None
        self._decoded: dict[tuple[int, int], Image.Image] = {}

    def rgb(self, min_side: int | None = None) -> Image.Image:
        """The picture as an upright 8-bit RGB image. Callers share it: do not change it.

        With `min_side`, a JPEG may be decoded at a half, a quarter or an eighth of its size, if both sides still
        have that many pixels.

        Of an animation it is the first frame, turned by its EXIF orientation. Palettes, CMYK, grey and 16-bit
        pictures are converted; transparent areas become white. Raises only `UnreadablePicture` if the file is
        broken, has a format outside `FORMATS` or is larger than `MAX_PIXELS`. A file that can't be opened raises
        `OSError`, because it may be available again in the next run.
        """
        if self._data is None:
            self._data = PictureData(self._read())
        with _decode_errors_as_unreadable():
            return self._data.read(self._decode_once, min_side)

    def _decode_once(self, image: Image.Image) -> Image.Image:
        scale = image.size
        if scale not in self._decoded:
            self._decoded[scale] = _upright_rgb(image)
        return self._decoded[scale]

    def rgb_array(
        self,
        width: int,
        height: int,
        *,
        exact: bool = True,
        resampling: Image.Resampling = Image.Resampling.BILINEAR,
    ) -> NDArray[np.uint8]:
        """The picture stretched to `width` x `height`: uint8 of shape (height, width, 3).

        Stretched, not cropped, as the Keras and TensorFlow image loaders do by default, so that nothing at the
        edges is lost. Unless `exact`, a JPEG is decoded at the smallest sufficient scale. Raises as `rgb`
        does.
        """
        min_side = None if exact else math.ceil(MIN_DECODE_SCALE * max(width, height))
        image = self.rgb(min_side).resize((width, height), resampling)
        return np.asarray(image, dtype=np.uint8)


@contextmanager
def _decode_errors_as_unreadable() -> Iterator[None]:
    try:
        yield
    except UnreadablePicture:
        raise
    except Image.DecompressionBombError as error:
        raise UnreadablePicture(str(error)) from error
    except Exception as error:
        # Hostile bytes make the decoders raise nearly anything: RuntimeError, NotImplementedError,
        # AttributeError, struct.error, MemoryError and SyntaxError, for example.
        raise UnreadablePicture(f"{type(error).__name__}: {in_one_line(error)}") from error


def _upright_rgb(image: Image.Image) -> Image.Image:
    image.load()
    method = _UPRIGHT.get(_orientation(image))
    return _to_rgb(image if method is None else image.transpose(method))


def _orientation(image: Image.Image) -> int:
    if image.format == "HEIF":
        # The decoder already applied the file's own properties, which override EXIF (ISO/IEC 23008-12).
        return 1
    # Not ImageOps.exif_transpose: it rewrites the EXIF block, and fails if another field is odd.
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except _METADATA_ERRORS:
        return 1  # broken metadata must not make good pixels unreadable


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image  # convert() would copy it
    if image.mode.startswith("I") or image.mode == "F":
        image = _to_eight_bits(image)
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        image = image.convert("RGBA")
        on_white = Image.new("RGB", image.size, "white")
        on_white.paste(image, mask=image)  # half the memory that Image.alpha_composite needs
        return on_white
    return image.convert("RGB")


def _to_eight_bits(image: Image.Image) -> Image.Image:
    # Pillow's own conversion clips 16-bit greys at 255, which turns most pictures white.
    values = np.asarray(image)
    if image.mode.startswith("I;16"):
        return Image.fromarray((values // 257).astype(np.uint8))  # 65535 = 255 x 257
    # 32-bit greys, integer or float, do not define white: take the smallest common value that fits all pixels.
    # In place, because a picture at the limit takes 400 MB here.
    levels = np.array(values, dtype=np.float32)
    np.nan_to_num(levels, copy=False, posinf=0.0, neginf=0.0)
    peak = float(levels.max(initial=0.0))
    levels *= 255.0 / next((white for white in (1.0, 255.0, 65535.0) if peak <= white), peak)
    np.rint(levels, out=levels)
    return Image.fromarray(np.clip(levels, 0, 255, out=levels).astype(np.uint8))
