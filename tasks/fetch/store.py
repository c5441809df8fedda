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
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from classifiers.formats import MAX_PIXELS
from classifiers.opening import PictureData, open_image
from classifiers.repair.bmff import kind_of
from tasks.fetch.attempt import StoredFile
from tasks.fetch.reasons import Reason
from tasks.fetch.signatures import CAMERA_RAW, HEAD_BYTES, begins_as_picture, other_file
from tasks.fetch.truncation import Data, decoded, has_its_end, is_camera_raw
from warehouse.disk_space import full_disk_noticed, need_room

_ENDINGS = {"JPEG": "jpg", "MPO": "jpg", "HEIF": "heic"}
_NAMES = {"MPO": "jpeg", "HEIF": "heic"}
_CORRUPT = "The picture is cut off or damaged in its pixels. Download it again."
THREADS = 2
"""For what takes longer than some tenths of a millisecond: large files, and those that have to be decoded."""


class NeedsDecode(Exception):
    """Only decoding the picture would tell whether it is whole."""


class RejectedPicture(Exception):
    """The file is no picture that is stored; `reason` says why, and `message` what it is and what to do."""

    def __init__(self, reason: Reason, message: str | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.message = message


@dataclass(frozen=True, slots=True)
class Kind:
    """What a picture's header says. Sizes are in pixels, before any EXIF rotation."""

    format: str
    ending: str
    width: int
    height: int


def read_kind(file: Path) -> Kind:
    """Check a file as a fetch does, and read its header. Raises `RejectedPicture`."""
    with file.open("rb") as opened:
        if not os.fstat(opened.fileno()).st_size:  # which can't be mapped
            return _kind(opened, b"", may_decode=True)
        with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _kind(opened, data, may_decode=True)


def _kind(file: BinaryIO, data: Data, *, may_decode: bool) -> Kind:
    """What the header says, once the file begins, counts and ends as a picture should; rarely decodes it."""
    head = data[:HEAD_BYTES]
    if not begins_as_picture(head):
        other = other_file(head)
        raise RejectedPicture(other.reason, other.message)
    try:
        # What libheif reads is prepared for it, so a HEIC file is never opened as it came.
        kind = None if kind_of(head) == "HEIF" else _kind_of_sound(file, data)
        if kind is None and not may_decode:
            raise NeedsDecode
        return kind or _kind_of_doubtful(bytes(data))
    except Image.DecompressionBombError:
        raise RejectedPicture(
            Reason.TOO_MANY_PIXELS, f"It has more than {MAX_PIXELS:,} pixels. Save it in a smaller size."
        ) from None


def _kind_of_sound(file: BinaryIO, data: Data) -> Kind | None:
    """What the header of a file says that has its end; None where only decoding tells whether it is complete."""
    try:
        with open_image(file) as image:
            return _described(image) if has_its_end(image, data) else None
    except (Image.DecompressionBombError, RejectedPicture):
        raise
    except Exception:  # noqa: BLE001 - Pillow's readers raise whatever a broken header makes them stumble over
        return None


def _kind_of_doubtful(data: bytes) -> Kind:
    """The same by decoding the picture, as the classifiers do: rewritten where Pillow refuses what browsers show."""
    try:
        return decoded(PictureData(data), _described)
    except (Image.DecompressionBombError, RejectedPicture):
        raise
    except Exception:  # noqa: BLE001 - as above
        raise RejectedPicture(Reason.CORRUPT, _CORRUPT) from None


def _described(image: Image.Image) -> Kind:
    if is_camera_raw(image):
        raise RejectedPicture(CAMERA_RAW.reason, CAMERA_RAW.message)
    kind = image.format or ""
    return Kind(_NAMES.get(kind, kind.lower()), _ENDINGS.get(kind, kind.lower()), *image.size)


def incoming_of(home: Path) -> Path:
    """The folder of what is not whole yet, on the same disk as the store."""
    return home / "pictures" / ".incoming"


def clear_incoming(home: Path) -> None:
    """Remove what a killed run left half-downloaded. Only the run that holds the home may call this."""
    shutil.rmtree(incoming_of(home), ignore_errors=True)
    incoming_of(home).mkdir(parents=True, exist_ok=True)


class PictureStore:
    """The folder `pictures` of a home folder. `name` tells those apart that write there at the same time."""

    def __init__(self, home: Path, name: str = "") -> None:
        self.incoming = incoming_of(home)
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="pictures")
        self._home = str(home)
        self._prefix = str(self.incoming / name) + ("" if name else os.sep)
        self._numbers = itertools.count()

    def new_file(self) -> str:
        """A path that no other incoming file has."""
        return f"{self._prefix}{next(self._numbers)}"

    def add_bytes(self, data: bytes, *, may_decode: bool) -> StoredFile:
        """Check a whole body and store it, which takes some tenths of a millisecond unless it is decoded.

        Raises `RejectedPicture`, `DiskFull`, and `NeedsDecode` where it would have to be decoded and may not be.
        """
        kind = _kind(io.BytesIO(data), data, may_decode=may_decode)
        sha256 = hashlib.sha256(data).hexdigest()
        incoming = self.new_file()
        try:
            need_room(self.incoming, len(data))
            with full_disk_noticed(self.incoming), FileIO(incoming, "w") as out:
                _write(out, data)
            path = self.keep(incoming, sha256, kind.ending)
        except BaseException:
            Path(incoming).unlink(missing_ok=True)
            raise
        return _kept(kind, sha256, len(data), path)

    def add_file(self, incoming: str, sha256: str, size: int) -> StoredFile:
        """Check a file that lies among the incoming ones and move it to its place. Raises `RejectedPicture`."""
        kind = read_kind(Path(incoming))
        return _kept(kind, sha256, size, self.keep(incoming, sha256, kind.ending))

    def keep(self, incoming: str, sha256: str, ending: str) -> str:
        """Move a whole, checked file to its place; returns its path relative to the home folder."""
        relative = f"pictures/{sha256[:2]}/{sha256}.{ending}"
        # Not `Path`: joining paths would take as long as the check of the header.
        place = f"{self._home}{os.sep}{relative}"
        try:
            os.replace(incoming, place)
        except FileNotFoundError:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            os.replace(incoming, place)
        return relative

    def close(self) -> None:
        """End the threads, once they have done what was begun."""
        self.threads.shutdown(cancel_futures=True)


def _write(out: FileIO, data: bytes) -> None:
    # Without a buffer in between; the system may take less than all at once.
    left = memoryview(data)
    while left:
        left = left[out.write(left) :]


def _kept(kind: Kind, sha256: str, size: int, path: str) -> StoredFile:
    return StoredFile(sha256, size, kind.width, kind.height, kind.format, path)
