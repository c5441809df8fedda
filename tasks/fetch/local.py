"""A picture that is a file on this machine, taken in place of a download.

Only a source of files makes such an address, and only a file that really lies in one of the folders that
the settings' sources read is taken: a link out of them is not followed, and a pipe or a device is not read.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from io import FileIO
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from tasks.fetch.reasons import Reason
from tasks.fetch.store import RejectedPicture
from warehouse.disk_space import full_disk_noticed, need_room

CHUNK_BYTES = 1024 * 1024


def is_local(url: str) -> bool:
    """Whether the address is a file's; what an address redirects to is never asked this."""
    return url.startswith("file:")


def copy_in(url: str, folders: Sequence[Path], most_bytes: int, incoming: Path) -> tuple[str, int]:
    """Copy the file to `incoming`; returns the SHA-256 of its bytes, and their number.

    Raises `RejectedPicture` with the reason, and `DiskFull`.
    """
    with _opened(_real(url, folders)) as source:
        expected = os.fstat(source.fileno()).st_size
        if expected > most_bytes:
            raise RejectedPicture(Reason.TOO_LARGE)
        need_room(incoming.parent, expected)
        digest, size = hashlib.sha256(), 0
        with full_disk_noticed(incoming.parent), incoming.open("wb") as out:
            while chunk := source.read(CHUNK_BYTES):
                size += len(chunk)
                if size > most_bytes:
                    raise RejectedPicture(Reason.TOO_LARGE)
                digest.update(chunk)
                out.write(chunk)
    return digest.hexdigest(), size


def _opened(file: Path) -> FileIO:
    try:
        # A pipe would wait for its writer for ever; a link that has just taken the file's place is none of ours.
        number = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise RejectedPicture(Reason.GONE) from None
    except OSError:
        raise RejectedPicture(Reason.REFUSED) from None
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise RejectedPicture(Reason.REFUSED)
    return FileIO(number)


def _real(url: str, folders: Sequence[Path]) -> Path:
    """The file that the address leads to, wherever links stand on the way."""
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
