"""Free space on the disk, checked before it runs out, because a full disk breaks other programs too.

Writers call `require_free_space` before each batch. The reserve lets a run end in order: its database, its log and Prefect's
own database still fit.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warehouse.errors import DiskFull

RESERVE_BYTES = 64 * 1024 * 1024
"""Free space that no batch may use."""

_FULL_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FULL_MESSAGES = ("No space left on device", "os error 28", "Disk quota exceeded", "File too large")


def require_free_space(folder: Path, upcoming_bytes: int = 0) -> None:
    """Raise `DiskFull` unless `upcoming_bytes` and the reserve fit on the disk of `folder`."""
    free = shutil.disk_usage(folder).free
    if free < RESERVE_BYTES + upcoming_bytes:
        raise DiskFull(_advice(folder, free))


@contextmanager
def detect_full_disk(folder: Path) -> Iterator[None]:
    """Turn a library's 'no space left' (an errno, or only a message) into `DiskFull`."""
    try:
        yield
    except Exception as error:
        if is_disk_full_error(error):
            raise DiskFull(_advice(folder, shutil.disk_usage(folder).free)) from error
        raise


def is_disk_full_error(error: BaseException) -> bool:
    """Whether an exception means that a disk, a quota or a file-size limit was reached."""
    if isinstance(error, OSError) and error.errno in _FULL_ERRNOS:
        return True
    return any(message in str(error) for message in _FULL_MESSAGES)


def _advice(folder: Path, free: int) -> str:
    return (
        f"The disk of {folder} is full ({free / 1e6:,.0f} MB free, {RESERVE_BYTES / 1e6:,.0f} MB are reserved)."
        " Free some space, or set home in the settings (or LIKELENS_HOME) to a larger disk, then run again. The"
        " stored data is intact, and the run resumes where it stopped."
    )


def existing_parent(folder: Path) -> Path:
    """The folder itself, or the nearest folder above it that exists."""
    while not folder.exists():
        folder = folder.parent
    return folder
