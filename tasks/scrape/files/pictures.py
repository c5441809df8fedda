"""A picture on this machine as a `file:` address, which the stage fetch takes in place of a download.

The fragment after the address is the file's time and size, so that a file that has changed under its
name is another address and is taken again.
"""

from __future__ import annotations

import os
from pathlib import Path


def inside(file: Path, folder: Path) -> Path | None:
    """Where a path really leads; None when that is not in the folder, or nowhere."""
    try:
        real = file.resolve(strict=True)
        return real if real.is_relative_to(folder.resolve()) else None
    except (OSError, RuntimeError, ValueError):
        return None


def local_address(file: Path, folder: Path) -> str | None:
    """The address of a picture file in the folder; None when there is none, or it leads out of the folder."""
    real = inside(file, folder)
    try:
        if real is None or not real.is_file():
            return None
        found = real.stat()
    except OSError:
        return None
    return f"{real.as_uri()}#{found.st_mtime_ns}-{found.st_size}"


def shown_path(file: Path, folder: Path) -> str:
    """A path as a message shows it: relative to the folder, and without bytes that are no UTF-8."""
    relative = file.relative_to(folder) if file.is_relative_to(folder) else file
    return os.fsencode(relative.as_posix()).decode("utf-8", "replace")
