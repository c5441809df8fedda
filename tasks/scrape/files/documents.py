"""A JSON file, plain or compressed, as a value.

The file may be anything: cut off, still being written, not UTF-8, deeply nested, or small and unpacking to
gigabytes. `UnreadableFile` says what is wrong, in a phrase that fits after the file's name.
"""

from __future__ import annotations

import lzma
import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from tasks.scrape.values.json_text import LENIENT, read_json
from tasks.scrape.values.times import MIN_TIME, is_future

MAX_BYTES = 32 * 1024 * 1024
"""Of one file, unpacked. Most of Instaloader's are below 1 MB; JSON of empty lists takes up to twenty times its size
in memory."""
_XZ = b"\xfd7zXZ\x00"
_XZ_MEMORY_BYTES = 256 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UnreadableFile(Exception):
    """A file can't be read; the text says why."""


@dataclass(frozen=True, slots=True)
class JsonFile:
    """The value of a JSON file, and when the file was last changed (UTC).

    `replaced`: some bytes were not UTF-8 and were replaced by U+FFFD.
    """

    value: Any
    modified: datetime
    replaced: bool = False


def read_json_file(file: Path) -> JsonFile:
    """Read a JSON file, plain or xz. Raises `UnreadableFile`."""
    try:
        with open_regular(file) as opened:
            modified = modified_at(os.fstat(opened.fileno()))
            data = _content(opened)
    except OSError as error:
        raise UnreadableFile(f"can't be opened ({error.strerror or error})") from None
    text, replaced = decode_utf8(data)
    try:
        return JsonFile(read_json(text, LENIENT), modified, replaced)
    except ValueError as error:
        raise UnreadableFile(str(error)) from None


def open_regular(file: Path) -> BinaryIO:
    """Open a file for reading. Raises `OSError` for a pipe or a device, without waiting for it."""
    # Links are refused: the caller has resolved the path.
    number = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError("it is not a regular file")
    return os.fdopen(number, "rb")


def modified_at(status: os.stat_result) -> datetime:
    """A file's modification time (UTC). Raises `UnreadableFile` for one before 2000 or in the future.

    It is the time of observations, and one in the future would stay the newest for years. Archives without
    times unpack to 1970 or 1980.
    """
    try:
        modified = _EPOCH + timedelta(microseconds=status.st_mtime_ns // 1000)
    except OverflowError:
        raise UnreadableFile("has a modification time that is not a date; set it with touch") from None
    if is_future(modified):
        raise UnreadableFile(f"was last changed in the future ({modified:%Y-%m-%d}); set its time with touch")
    if modified < MIN_TIME:
        raise UnreadableFile(
            f"has a modification time before {MIN_TIME.year} ({modified:%Y-%m-%d}); set it with touch"
        )
    return modified


def decode_utf8(data: bytes) -> tuple[str, bool]:
    """The text of some bytes, and whether some of them were not UTF-8."""
    try:
        return data.decode("utf-8-sig"), False
    except UnicodeDecodeError:
        return data.decode("utf-8-sig", "replace"), True


def _content(opened: BinaryIO) -> bytes:
    head = opened.read(len(_XZ))
    opened.seek(0)
    data = _unpacked(opened) if head == _XZ else opened.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UnreadableFile(f"is larger than {MAX_BYTES // 2**20} MB")
    return data


def _unpacked(opened: BinaryIO) -> bytes:
    unpacker, parts, size = lzma.LZMADecompressor(memlimit=_XZ_MEMORY_BYTES), [], 0
    try:
        while not unpacker.eof and size <= MAX_BYTES:
            chunk = opened.read(_CHUNK_BYTES) if unpacker.needs_input else b""
            if unpacker.needs_input and not chunk:
                raise UnreadableFile("is cut off; if it is still being written, the next run reads it")
            parts.append(unpacker.decompress(chunk, MAX_BYTES + 1 - size))
            size += len(parts[-1])
    except lzma.LZMAError as error:
        raise UnreadableFile(f"can't be unpacked ({error})") from None
    return b"".join(parts)
