"""The content store: the SHA-256 of a picture's bytes names its file, so each picture is stored once."""

from __future__ import annotations

import hashlib
import io
import itertools
import mmap
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from classifiers.formats import MAX_PIXELS
from classifiers.opening import PictureData, open_image
from classifiers.repair.bmff import kind_of
from tasks.fetch.attempt import Reason, StoredFile
from tasks.fetch.signatures import CAMERA_RAW, HEAD_BYTES, begins_as_picture, identify_file
from tasks.fetch.truncation import Data, decode, has_end, is_camera_raw
from warehouse.disk_space import require_free_space
from warehouse.pictures.files import PICTURES, PictureFiles

_ENDINGS = {"JPEG": "jpg", "MPO": "jpg", "HEIF": "heic"}
_NAMES = {"MPO": "jpeg", "HEIF": "heic"}
_CORRUPT = "The picture is cut off or damaged in its pixels. Download it again."
THREADS = 2
"""For work above some tenths of a millisecond: large files, and files that must be decoded."""
REMOTE_THREADS = 32
"""For uploads to an object store, which are mostly waiting for it."""


class NeedsDecode(Exception):
    """Only decoding can show whether the picture is complete."""


class RejectedPicture(Exception):
    """There is no picture to store. `reason` says why, `message` what there is instead and what to do."""

    def __init__(self, reason: Reason, message: str | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.message = message


@dataclass(frozen=True, slots=True)
class Kind:
    """The contents of a picture's header. Sizes are in pixels, before any EXIF rotation."""

    format: str
    ending: str
    width: int
    height: int


def read_kind(file: Path) -> Kind:
    """Check a file as a fetch does, and read its header. Raises `RejectedPicture`."""
    with file.open("rb") as opened:
        if not os.fstat(opened.fileno()).st_size:  # an empty file can't be mapped
            return _kind(opened, b"", may_decode=True)
        with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _kind(opened, data, may_decode=True)


def _kind(file: BinaryIO, data: Data, *, may_decode: bool) -> Kind:
    """Check the start, the header and the end of a file; decodes it only if these leave a doubt."""
    head = data[:HEAD_BYTES]
    if not begins_as_picture(head):
        other = identify_file(head)
        raise RejectedPicture(other.reason, other.message)
    try:
        # A HEIC file is always rewritten before libheif reads it.
        kind = None if kind_of(head) == "HEIF" else _kind_from_header(file, data)
        if kind is None and not may_decode:
            raise NeedsDecode
        return kind or _kind_by_decoding(bytes(data))
    except Image.DecompressionBombError:
        raise RejectedPicture(
            Reason.TOO_MANY_PIXELS, f"It has more than {MAX_PIXELS:,} pixels. Save it in a smaller size."
        ) from None


def _kind_from_header(file: BinaryIO, data: Data) -> Kind | None:
    """The header of a complete file; None if only decoding can show whether it is complete."""
    try:
        with open_image(file) as image:
            return _describe(image) if has_end(image, data) else None
    except (Image.DecompressionBombError, RejectedPicture):
        raise
    except Exception:  # noqa: BLE001 - Pillow raises many kinds of errors for a broken header
        return None


def _kind_by_decoding(data: bytes) -> Kind:
    """The header of a picture that the classifiers can decode, rewritten where Pillow needs it."""
    try:
        return decode(PictureData(data), _describe)
    except (Image.DecompressionBombError, RejectedPicture):
        raise
    except Exception:  # noqa: BLE001 - as above
        raise RejectedPicture(Reason.CORRUPT, _CORRUPT) from None


def _describe(image: Image.Image) -> Kind:
    if is_camera_raw(image):
        raise RejectedPicture(CAMERA_RAW.reason, CAMERA_RAW.message)
    kind = image.format or ""
    return Kind(_NAMES.get(kind, kind.lower()), _ENDINGS.get(kind, kind.lower()), *image.size)


class PictureStore:
    """Adds checked pictures to the stored ones. `name` distinguishes processes that write at the same time."""

    def __init__(self, files: PictureFiles, name: str = "") -> None:
        self.incoming = files.incoming
        self.is_remote = files.is_remote
        threads = REMOTE_THREADS if files.is_remote else THREADS
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="pictures")
        self._files = files
        self._prefix = str(self.incoming / name) + ("" if name else os.sep)
        self._numbers = itertools.count()

    def new_file(self) -> str:
        """A new path for an incoming file."""
        return f"{self._prefix}{next(self._numbers)}"

    def add_bytes(self, data: bytes, *, may_decode: bool) -> StoredFile:
        """Check a complete body and store it: some tenths of a millisecond, without decoding.

        Raises `RejectedPicture`, `DiskFull`, and `NeedsDecode` if it needs decoding and must not be decoded.
        """
        kind = _kind(io.BytesIO(data), data, may_decode=may_decode)
        sha256 = hashlib.sha256(data).hexdigest()
        path = _path(sha256, kind.ending)
        if not self.is_remote:
            require_free_space(self.incoming, len(data))
        self._files.put(path, data, self.new_file())
        return _stored_file(sha256, len(data), kind, path)

    def add_file(self, incoming: str, sha256: str, size: int) -> StoredFile:
        """Check an incoming file and move it into the store. Raises `RejectedPicture`."""
        kind = read_kind(Path(incoming))
        return _stored_file(sha256, size, kind, self.keep(incoming, sha256, kind.ending))

    def keep(self, incoming: str, sha256: str, ending: str) -> str:
        """Move a complete, checked file to the stored pictures; returns its path below the home folder."""
        path = _path(sha256, ending)
        self._files.move_in(incoming, path)
        return path

    def close(self) -> None:
        """Stop the threads after their current work."""
        self.threads.shutdown(cancel_futures=True)


def _path(sha256: str, ending: str) -> str:
    return f"{PICTURES}/{sha256[:2]}/{sha256}.{ending}"


def _stored_file(sha256: str, size: int, kind: Kind, path: str) -> StoredFile:
    return StoredFile(sha256, size, kind.width, kind.height, kind.format, path)
