"""A JSON file, plain or compressed, as a value.

The file may be anything: cut off, still being written, not UTF-8, nested without end, or small and
unpacking to gigabytes. What can't be read is `Unreadable`, in words that fit after the file's name.
"""

from __future__ import annotations

import json
import lzma
import math
import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from tasks.scrape.times import FIRST, is_future

MAX_BYTES = 32 * 1024 * 1024
"""Of one file, unpacked. Instaloader's are below 1 MB, those with comments mostly too; JSON of empty lists takes
up to twenty times its size in memory."""
_XZ = b"\xfd7zXZ\x00"
_XZ_MEMORY_BYTES = 256 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CONSTANTS = {"NaN": None, "Infinity": math.inf, "-Infinity": -math.inf}
"""Python and pandas write NaN where there is no value, though JSON has no such word."""


class Unreadable(Exception):
    """The file can't be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a JSON file says, and when it was last changed (UTC).

    `mended`: some bytes were no UTF-8 and stand as U+FFFD now.
    """

    value: Any
    modified: datetime
    mended: bool = False


def read_document(file: Path, most_bytes: int = MAX_BYTES) -> Document:
    """Read a JSON file, plain or xz. Raises `Unreadable`."""
    try:
        with open_regular(file) as opened:
            modified = modified_at(os.fstat(opened.fileno()))
            data = _content(opened, most_bytes)
    except OSError as error:
        raise Unreadable(f"can't be opened ({error.strerror or error})") from None
    text, mended = decoded(data)
    return Document(parsed(text), modified, mended)


def open_regular(file: Path) -> BinaryIO:
    """Open a file for reading; a pipe or a device is an OSError, and never waited for."""
    # No way to follow a link here: whoever calls has resolved the path.
    number = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError("it is no regular file")
    return os.fdopen(number, "rb")


def modified_at(found: os.stat_result) -> datetime:
    """A file's modification time (UTC). Raises `Unreadable` for one that is no date, before 2000, or to come.

    It is the time of observations, and one in the future would stay the newest for years. Archives without
    times unpack to 1970 or 1980.
    """
    try:
        modified = _EPOCH + timedelta(microseconds=found.st_mtime_ns // 1000)
    except OverflowError:
        raise Unreadable("has a modification time that is no date; set it with touch") from None
    if is_future(modified):
        raise Unreadable(f"was last changed in the future ({modified:%Y-%m-%d}); set its time with touch")
    if modified < FIRST:
        raise Unreadable(
            f"has a modification time before {FIRST.year} ({modified:%Y-%m-%d}); set it with touch"
        )
    return modified


def decoded(data: bytes) -> tuple[str, bool]:
    """The text of some bytes, and whether some of them were no UTF-8."""
    try:
        return data.decode("utf-8-sig"), False
    except UnicodeDecodeError:
        return data.decode("utf-8-sig", "replace"), True


def parsed(text: str) -> Any:
    """The value of a JSON text; NaN is null. Raises `Unreadable`."""
    try:
        return json.loads(text, parse_constant=_CONSTANTS.get)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}" if error.lineno > 1 else f"column {error.colno}"
        raise Unreadable(f"is no JSON, or was cut off ({error.msg} at {where})") from None
    except RecursionError:
        raise Unreadable("is nested too deep") from None
    except ValueError as error:
        raise Unreadable(f"is no JSON ({error})") from None


def _content(opened: BinaryIO, most_bytes: int) -> bytes:
    head = opened.read(len(_XZ))
    opened.seek(0)
    data = _unpacked(opened, most_bytes) if head == _XZ else opened.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise Unreadable(f"is larger than {most_bytes // 2**20} MB")
    return data


def _unpacked(opened: BinaryIO, most_bytes: int) -> bytes:
    unpacker, parts, size = lzma.LZMADecompressor(memlimit=_XZ_MEMORY_BYTES), [], 0
    try:
        while not unpacker.eof and size <= most_bytes:
            chunk = opened.read(_CHUNK_BYTES) if unpacker.needs_input else b""
            if unpacker.needs_input and not chunk:
                raise Unreadable("is cut off; if it is being written, the next run reads it")
            parts.append(unpacker.decompress(chunk, most_bytes + 1 - size))
            size += len(parts[-1])
    except lzma.LZMAError as error:
        raise Unreadable(f"can't be unpacked ({error})") from None
    return b"".join(parts)
