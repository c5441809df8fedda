"""Stored picture files to RGB pixels, safely: every classifier that looks at pixels starts here."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from classifiers.errors import UnreadablePicture
from classifiers.opening import PictureData

DECODED_AT_LEAST = 1.5
"""A JPEG that is to be resized is decoded at so many times the size that is wanted, or more: what remains to
be resized then smooths as much as it would have, and pixels differ by rounding (0.2 to 0.4 of 255)."""

# How to turn a picture upright, by its EXIF orientation (EXIF 2.32, tag 0x0112).
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
    """What a picture is: its format as Pillow names it, its size in pixels as stored, its EXIF orientation.

    `is_sound` is False for a file that other programs may refuse, because it had to be rewritten to be decoded.
    """

    format: str
    width: int
    height: int
    orientation: int
    is_sound: bool = True


def inspect_image(data: bytes) -> ImageInfo:
    """What the picture in `data` is, decoded to its end to be sure that it can be. Raises `UnreadablePicture`.

    A JPEG is decoded at an eighth of its size, which reads all of it in half the time.
    """

    def look(image: Image.Image) -> tuple[str, int, int, int]:
        width, height = image.size
        image.draft(None, (width // 8 or 1, height // 8 or 1))
        image.load()
        return image.format or "", width, height, _orientation(image)

    picture = PictureData(data)
    with _unreadable_told():
        return ImageInfo(*picture.read(look), picture.is_sound)


def decode_rgb(data: bytes) -> Image.Image:
    """As `open_rgb`, of bytes that were read already."""
    with _unreadable_told():
        return PictureData(data).read(_upright_rgb)


def open_rgb(path: Path, enough: int | None = None) -> Image.Image:
    """The picture in `path` as an upright 8-bit RGB image.

    A JPEG may come back at a half, a quarter or an eighth of its size, decoded so, where both sides still
    have `enough` pixels.

    The first frame of an animation, turned as its EXIF orientation says; palettes, CMYK, grey and
    16-bit pictures are converted, and what is transparent shows white. Raises `UnreadablePicture`,
    and nothing else, when the file is broken, of another format than `FORMATS` or larger than
    `MAX_PIXELS`; a file that can't be opened is an `OSError` as ever, for it may be back tomorrow.
    """
    return PictureFile(path).rgb(enough)


class PictureFile:
    """A stored picture's file, read once, and decoded once for each scale that its classifiers ask for.

    Used by one thread at a time. What it decoded it holds, so it is not kept longer than a picture is prepared.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._data: PictureData | None = None
        self._decoded: dict[tuple[int, int], Image.Image] = {}

    def rgb(self, enough: int | None = None) -> Image.Image:
        """The picture as `open_rgb` gives it, and as it would give it to whoever asks alone; not to be changed."""
        if self._data is None:
            self._data = PictureData(self._path.read_bytes())
        with _unreadable_told():
            return self._data.read(self._at_its_scale, enough)

    def _at_its_scale(self, image: Image.Image) -> Image.Image:
        scale = image.size
        if scale not in self._decoded:
            self._decoded[scale] = _upright_rgb(image)
        return self._decoded[scale]

    def rgb_array(self, width: int, height: int, *, exact: bool = True) -> NDArray[np.uint8]:
        """The picture stretched to `width` x `height`, bilinear: uint8 of shape (height, width, 3).

        Stretched, not cropped, as the Keras and TensorFlow image loaders do by default, so that nothing
        at the edges is lost. Unless it is to be `exact`, a JPEG is decoded no larger than that needs. Raises as
        `open_rgb` does.
        """
        enough = None if exact else math.ceil(DECODED_AT_LEAST * max(width, height))
        image = self.rgb(enough).resize((width, height), Image.Resampling.BILINEAR)
        return np.asarray(image, dtype=np.uint8)


@contextmanager
def _unreadable_told() -> Iterator[None]:
    try:
        yield
    except UnreadablePicture:
        raise
    except Image.DecompressionBombError as error:
        raise UnreadablePicture(str(error)) from error
    except Exception as error:
        # Hostile bytes make the decoders raise nearly anything: seen were RuntimeError,
        # NotImplementedError, AttributeError, struct.error, MemoryError and SyntaxError.
        raise UnreadablePicture(f"{type(error).__name__}: {error}") from error


def _upright_rgb(image: Image.Image) -> Image.Image:
    image.load()
    method = _UPRIGHT.get(_orientation(image))
    return _to_rgb(image if method is None else image.transpose(method))


def _orientation(image: Image.Image) -> int:
    if image.format == "HEIF":
        return 1  # turned by its own properties when it was decoded, which overrule EXIF (ISO/IEC 23008-12)
    # Not ImageOps.exif_transpose: it writes the EXIF block anew, and fails where another field is odd.
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except _METADATA_ERRORS:
        return 1  # broken metadata must not cost good pixels


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
    # 32-bit greys, whole or floating, do not say what is white: take the least usual one that fits all.
    # In place, because a picture at the limit is 400 MB here.
    levels = np.array(values, dtype=np.float32)
    np.nan_to_num(levels, copy=False, posinf=0.0, neginf=0.0)
    peak = float(levels.max(initial=0.0))
    levels *= 255.0 / next((white for white in (1.0, 255.0, 65535.0) if peak <= white), peak)
    np.rint(levels, out=levels)
    return Image.fromarray(np.clip(levels, 0, 255, out=levels).astype(np.uint8))
