"""Files inside a source's folder: those outside it, also behind links, are not read."""

from __future__ import annotations

import os
from pathlib import Path

from tasks.scrape.files.documents import JsonFile, UnreadableFile, open_regular, read_json_file


def resolve_inside(file: Path, folder: Path) -> Path | None:
    """The path without links; None when it does not exist, or lies outside the folder."""
    try:
        real = file.resolve(strict=True)
        return real if real.is_relative_to(folder.resolve()) else None
    except (OSError, RuntimeError, ValueError):
        return None


def read_json_inside(file: Path, folder: Path) -> JsonFile:
    """Read a JSON file. Raises `UnreadableFile`, also where it lies outside the folder."""
    real = resolve_inside(file, folder)
    if real is None:
        raise UnreadableFile("is a link to nothing, or to a file outside the folder")
    return read_json_file(real)


def read_begin(file: Path, folder: Path, max_bytes: int) -> bytes | None:
    """The first bytes of a file; None when it can't be read, or lies outside the folder."""
    real = resolve_inside(file, folder)
    try:
        if real is None:
            return None
        with open_regular(real) as opened:
            return opened.read(max_bytes)
    except OSError:
        return None


def local_address(file: Path, folder: Path) -> str | None:
    """The `file:` address of a picture, which the stage fetch copies; None when it does not exist, or lies outside.

    The fragment is the file's time and size, so a changed file has another address and is copied again.
    """
    real = resolve_inside(file, folder)
    try:
        if real is None or not real.is_file():
            return None
        status = real.stat()
    except OSError:
        return None
    return f"{real.as_uri()}#{status.st_mtime_ns}-{status.st_size}"


def shown_path(file: Path, folder: Path) -> str:
    """A path as a message shows it: relative to the folder, and valid UTF-8."""
    relative = file.relative_to(folder) if file.is_relative_to(folder) else file
    return os.fsencode(relative.as_posix()).decode("utf-8", "replace")
