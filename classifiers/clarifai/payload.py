"""A stored picture to what is sent: its own bytes where Clarifai takes them, decoded once before it is paid for."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from classifiers.errors import PictureTooLarge, UnreadablePicture
from classifiers.pictures import decode_rgb, inspect_image

TAKEN = frozenset({"BMP", "GIF", "JPEG", "MPO", "PNG", "TIFF", "WEBP"})
"""Formats that Clarifai takes, as Pillow names them (docs.clarifai.com, upload limits); others become JPEG, as
does a file that only a tolerant decoder reads: what is sent is paid for."""
MAX_BYTES = 20_000_000
MAX_PIXELS = 85_000_000
"""Limits of one picture (docs.clarifai.com, upload limits)."""
_QUALITY = 92


@dataclass(frozen=True, slots=True)
class Payload:
    """The bytes of a picture as they are sent, and the EXIF orientation that they have (1: upright)."""

    data: bytes
    orientation: int


class WrongBytes(OSError):
    """The file no longer has the bytes that were stored."""


def payload(path: Path, sha256: str, longest_side: int, *, upright: bool) -> Payload:
    """What is sent of a stored picture.

    With a `longest_side` (pixels; 0 for none) larger pictures are downscaled; with `upright`, those that
    are stored sideways are turned. Otherwise the stored bytes are sent. Raises `UnreadablePicture` when
    they can't be decoded, `PictureTooLarge` when Clarifai takes no picture of that size, and `OSError`
    when the file is missing or damaged.
    """
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise WrongBytes(f"{path} no longer has the bytes that were stored")
    sight = inspect_image(data)
    shrink = bool(longest_side) and max(sight.width, sight.height) > longest_side
    if shrink or not sight.is_sound or sight.format not in TAKEN or (upright and sight.orientation != 1):
        sent = Payload(_anew(data, longest_side), 1)
    else:
        sent = Payload(data, sight.orientation)
    if len(sent.data) >= MAX_BYTES or (not shrink and sight.width * sight.height > MAX_PIXELS):
        raise PictureTooLarge(
            f"{sight.width} x {sight.height} pixels in {len(sent.data):,} bytes are more than Clarifai takes;"
            " with longest_side in the settings it would be downscaled"
        )
    return sent


def _anew(data: bytes, longest_side: int) -> bytes:
    image = decode_rgb(data)
    if longest_side:
        image.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    try:
        image.save(written, "JPEG", quality=_QUALITY)
    except (OSError, ValueError) as error:
        raise UnreadablePicture(f"it can't be written as JPEG: {error}") from error
    return written.getvalue()
