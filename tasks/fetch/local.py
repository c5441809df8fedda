"""A picture that is a file on this machine: it is copied instead of downloaded.

Only a source of files creates such an address. The file must lie in a folder that a source of the settings
reads: a link out of the folder is not followed, and a pipe or a device is not read.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from io import FileIO
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from tasks.fetch.attempt import Reason
from tasks.fetch.store import RejectedPicture
from warehouse.disk_space import detect_full_disk, require_free_space

CHUNK_BYTES = 1024 * 1024


def is_local(url: str) -> bool:
    """Whether the address is that of a file. The target of a redirect is never tested with this."""
    return url.startswith("file:")


def copy_in(url: str, folders: Sequence[Path], max_bytes: int, incoming: Path) -> tuple[str, int]:
    """Copy the file to `incoming`; returns the SHA-256 and the number of its bytes.

    Raises `RejectedPicture` and `DiskFull`.
    """
    with _open(_resolve(url, folders)) as source:
        expected = os.fstat(source.fileno()).st_size
        if expected > max_bytes:
            raise RejectedPicture(Reason.TOO_LARGE)
        require_free_space(incoming.parent, expected)
        digest, size = hashlib.sha256(), 0
        with detect_full_disk(incoming.parent), incoming.open("wb") as out:
            while chunk := source.read(CHUNK_BYTES):
                size += len(chunk)
                if size > max_bytes:
                    raise RejectedPicture(Reason.TOO_LARGE)
                digest.update(chunk)
                out.write(chunk)
    return digest.hexdigest(), size


def _open(file: Path) -> FileIO:
    try:
        # Without O_NONBLOCK a pipe blocks until it has a writer; a link may just have replaced the file.
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise RejectedPicture(Reason.GONE) from None
    except OSError:
        raise RejectedPicture(Reason.REFUSED) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise RejectedPicture(Reason.REFUSED)
    return FileIO(descriptor)


def _resolve(url: str, folders: Sequence[Path]) -> Path:
    """The file at the address, with all links resolved. Raises `RejectedPicture` if no folder holds it."""
    try:
        parts = urlsplit(url)
        path = Path(os.fsdecode(unquote_to_bytes(parts.path)))
        if parts.netloc or not path.is_absolute():
            raise RejectedPicture(Reason.BAD_ADDRESS)
        real = path.resolve()
        allowed = any(real.is_relative_to(folder.resolve()) for folder in folders)
    except (ValueError, RuntimeError, OSError):
        raise RejectedPicture(Reason.BAD_ADDRESS) from None
    if not allowed:
        raise RejectedPicture(Reason.PRIVATE_ADDRESS)
    return real
