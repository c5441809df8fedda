"""The content store: a picture's file is named by the SHA-256 of its bytes, so each is stored once."""

from __future__ import annotations

import hashlib
import io
import itertools
import mmap
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from classifiers.pictures import FORMATS, MAX_PIXELS
from tasks.fetch.reasons import Reason
from tasks.fetch.whole import Data, is_whole
from warehouse.space import full_disk_noticed, need_room
from warehouse.tables import Picture

_ENDINGS = {"JPEG": "jpg", "MPO": "jpg"}
_NAMES = {"MPO": "jpeg"}
_MAGIC = (
    b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM",
    b"II*\0", b"MM\0*", b"II+\0", b"MM\0+",
)  # fmt: skip
"""How files of the formats begin; WebP and AVIF have their sign further in."""
_FURTHER_IN = {b"RIFF": (8, (b"WEBP",)), b"ftyp": (8, (b"avif", b"avis", b"mif1", b"msf1"))}
THREADS = 2
"""For what a picture costs beside its download. More would be in each other's way, and in that of the downloads."""


class Unfit(Exception):
    """The file is no picture that is stored; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Kind:
    """What a picture's header says. Sizes are in pixels, before any EXIF rotation."""

    format: str
    ending: str
    width: int
    height: int


def read_kind(file: Path) -> Kind:
    """Check a file as a fetch does, and read its header. Raises `Unfit`."""
    with file.open("rb") as opened:
        if not os.fstat(opened.fileno()).st_size:
            raise Unfit(Reason.NOT_A_PICTURE)  # which can't be mapped either
        with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _kind(opened, data)


def _kind(file: BinaryIO, data: Data) -> Kind:
    """What the header says, once the file begins, counts and ends as a picture should; rarely decodes it."""
    if not _begins_as_picture(data[:16]):
        raise Unfit(Reason.NOT_A_PICTURE)
    try:
        with Image.open(file, formats=FORMATS) as image:
            kind, (width, height) = image.format or "", image.size
            small_enough = width * height <= MAX_PIXELS
            whole = small_enough and is_whole(image, data)
    except Image.DecompressionBombError:
        raise Unfit(Reason.TOO_MANY_PIXELS) from None
    except Exception:  # noqa: BLE001 - Pillow's readers raise whatever a broken header makes them stumble over
        raise Unfit(Reason.CORRUPT) from None
    if not small_enough:
        raise Unfit(Reason.TOO_MANY_PIXELS)
    if not whole:
        raise Unfit(Reason.CORRUPT)
    return Kind(_NAMES.get(kind, kind.lower()), _ENDINGS.get(kind, kind.lower()), width, height)


def _begins_as_picture(head: bytes) -> bool:
    if head.startswith(_MAGIC):
        return True
    place, signs = _FURTHER_IN.get(head[:4]) or _FURTHER_IN.get(head[4:8]) or (0, ())
    return bool(signs) and head[place : place + 4] in signs


class PictureStore:
    """The folder `pictures` of a home folder, and the threads that check pictures and write there."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.incoming = home / "pictures" / ".incoming"
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="pictures")
        self._numbers = itertools.count()

    def clear_incoming(self) -> None:
        """Remove what a killed run left half-downloaded. Only the run that holds the home may call this."""
        shutil.rmtree(self.incoming, ignore_errors=True)
        self.incoming.mkdir(parents=True, exist_ok=True)

    def new_file(self) -> Path:
        """A name that no other incoming file has."""
        return self.incoming / str(next(self._numbers))

    def add_bytes(self, data: bytes) -> Picture:
        """Check a whole body and store it. Raises `Unfit` and `DiskFull`."""
        kind = _kind(io.BytesIO(data), data)
        sha256 = hashlib.sha256(data).hexdigest()
        incoming = self.new_file()
        try:
            need_room(self.incoming, len(data))
            with full_disk_noticed(self.incoming):
                incoming.write_bytes(data)
            path = self.keep(incoming, sha256, kind.ending)
        except BaseException:
            incoming.unlink(missing_ok=True)
            raise
        return _row(kind, sha256, len(data), path)

    def add_file(self, incoming: Path, sha256: str, size: int) -> Picture:
        """Check a file that lies among the incoming ones and move it to its place. Raises `Unfit`."""
        kind = read_kind(incoming)
        return _row(kind, sha256, size, self.keep(incoming, sha256, kind.ending))

    def keep(self, incoming: Path, sha256: str, ending: str) -> str:
        """Move a whole, checked file to its place; returns its path relative to the home folder."""
        relative = Path("pictures") / sha256[:2] / f"{sha256}.{ending}"
        place = self.home / relative
        try:
            os.replace(incoming, place)
        except FileNotFoundError:
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(incoming, place)
        return relative.as_posix()

    def close(self) -> None:
        """End the threads, once they have done what was begun."""
        self.threads.shutdown(cancel_futures=True)


def _row(kind: Kind, sha256: str, size: int, path: str) -> Picture:
    return Picture(
        sha256=sha256,
        bytes=size,
        width=kind.width,
        height=kind.height,
        format=kind.format,
        path=path,
        fetched_at=datetime.now(UTC),
    )
