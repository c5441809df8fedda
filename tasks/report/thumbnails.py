"""Stored pictures as small squares that a page can carry inside itself."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image, ImageOps

from classifiers.errors import UnreadablePicture
from classifiers.pictures import open_rgb

PREFIX = "data:image/jpeg;base64,"
"""How every thumbnail begins."""


def thumbnail(path: Path, side: int = 160) -> str | None:
    """The middle of the picture in `path` as the data URI of a JPEG of `side` x `side` pixels.

    None when the picture can't be read or is gone. The JPEG is ours from the first byte to the last: nothing of
    the stranger's file but its pixels reaches the page.
    """
    try:
        picture = open_rgb(path)
    except (UnreadablePicture, OSError):
        # A file may be gone since the database was published; the page does without.
        return None
    square = ImageOps.fit(picture, (side, side), Image.Resampling.LANCZOS)
    # Pillow would copy the original's comment into the new file.
    square.info = {}
    held = io.BytesIO()
    square.save(held, "JPEG", quality=82, optimize=True)
    return PREFIX + base64.b64encode(held.getvalue()).decode("ascii")
