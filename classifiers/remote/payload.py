"""A stored file to the bytes that are sent to a server."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

from PIL import Image

from classifiers.errors import UnreadablePicture, in_one_line
from classifiers.pictures import PictureSource, decode_rgb


@dataclass(frozen=True, slots=True)
class Payload:
    """The bytes of a picture as they are sent, and their EXIF orientation (1: upright)."""

    data: bytes
    orientation: int


class FileChangedError(OSError):
    """The content of a stored file has changed."""


def read_stored(source: PictureSource, sha256: str) -> bytes:
    """The bytes of a stored picture. Raises `OSError` if the file is missing or has changed."""
    data = source.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise FileChangedError(f"the content of {source} has changed since it was stored")
    return data


def encode_jpeg(data: bytes, longest_side: int, quality: int) -> bytes:
    """A picture as an upright JPEG without metadata, downscaled to `longest_side` pixels (0: as it is).

    Raises `UnreadablePicture`.
    """
    image = decode_rgb(data)
    if longest_side:
        image.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
    image.info.clear()  # Pillow would write a comment of the original into the JPEG
    written = io.BytesIO()
    try:
        image.save(written, "JPEG", quality=quality)
    except (OSError, ValueError) as error:
        raise UnreadablePicture(f"it can't be encoded as JPEG: {in_one_line(error)}") from error
    return written.getvalue()
