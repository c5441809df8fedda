"""Stored pictures as small squares for pages: WebP, made once and stored by the hash of the picture's bytes."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image, ImageOps

from classifiers.errors import UnreadablePicture
from classifiers.pictures import MIN_DECODE_SCALE, PictureFile, PictureSource
from warehouse.file_writing import replace_file
from warehouse.home import Home

PREFIX = "data:image/webp;base64,"
"""Start of every thumbnail's data URI."""
SIDE = 160
"""Pixels of each side: pages show them at 110 to 150."""
QUALITY = 72
"""Of 100. Pillow's WebP of a photograph then has about 5 kB, half of a JPEG that looks the same."""
_EFFORT = 4
_THREADS = 4


class Thumbnails:
    """The thumbnails of a home folder. A file's name has the hash of its picture, the size and the quality."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._files = home.picture_files

    def sources(self, pictures: Iterable[tuple[str, str]]) -> dict[str, str | None]:
        """The data URI of each of these pictures, given by hash and path below the home folder.

        None for a picture that can't be read. Makes those that are not stored yet, several at once.
        """
        paths = dict(pictures)
        with ThreadPoolExecutor(_THREADS) as threads:
            return dict(zip(paths, threads.map(self.source, paths, paths.values()), strict=True))

    def source(self, sha256: str, path: str) -> str | None:
        """The data URI of a picture, from the stored thumbnail if there is one; None if it can't be read."""
        file = self._home.thumbnails / sha256[:2] / f"{sha256}-{SIDE}-q{QUALITY}.webp"
        try:
            data: bytes | None = file.read_bytes()
        except FileNotFoundError:
            data = _encode(self._files.source(path), SIDE)
            if data is not None:
                _write(file, data)
        return _data_uri(data)


def thumbnail(source: PictureSource, side: int = SIDE) -> str | None:
    """The middle of the picture in `source` as the data URI of a WebP with `side` x `side` pixels, stored nowhere.

    None if the picture can't be read or the file is missing. The WebP has only the pixels of the original file, none
    of its other bytes.
    """
    return _data_uri(_encode(source, side))


def _encode(source: PictureSource, side: int) -> bytes | None:
    try:
        picture = PictureFile(source).rgb(round(MIN_DECODE_SCALE * side))
    except (UnreadablePicture, OSError):
        # The file may have been deleted since the database was published.
        return None
    square = ImageOps.fit(picture, (side, side), Image.Resampling.LANCZOS)
    # Pillow copies the original's comment into the new file.
    square.info = {}
    buffer = io.BytesIO()
    square.save(buffer, "WEBP", quality=QUALITY, method=_EFFORT)
    return buffer.getvalue()


def _write(file: Path, data: bytes) -> None:
    replace_file(file, data)


def _data_uri(data: bytes | None) -> str | None:
    return None if data is None else PREFIX + base64.b64encode(data).decode("ascii")
