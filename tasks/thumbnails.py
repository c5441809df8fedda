"""Stored pictures as small squares, as data URIs for the page."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image, ImageOps

from classifiers.errors import UnreadablePicture
from classifiers.pictures import PictureFile

PREFIX = "data:image/jpeg;base64,"
"""Start of every thumbnail's data URI."""


def thumbnail(path: Path, side: int = 160) -> str | None:
    """The middle of the picture in `path` as the data URI of a JPEG with `side` x `side` pixels.

    None if the picture can't be read or the file is missing. The JPEG has only the pixels of the original file, none
    of its other bytes.
    """
    try:
        picture = PictureFile(path).rgb()
    except (UnreadablePicture, OSError):
        # The file may have been deleted since the database was published.
        return None
    square = ImageOps.fit(picture, (side, side), Image.Resampling.LANCZOS)
    # Pillow copies the original's comment into the new file.
    square.info = {}
    buffer = io.BytesIO()
    square.save(buffer, "JPEG", quality=82, optimize=True)
    return PREFIX + base64.b64encode(buffer.getvalue()).decode("ascii")
