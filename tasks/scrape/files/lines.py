"""A file of lines, plain or gzip, with the number of each: read as a stream, whatever its size."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from tasks.scrape.files.documents import Unreadable, decoded

MOST_LINE_BYTES = 8 * 1024 * 1024
MOST_BYTES = 64 * 1024**3
"""Of one file, unpacked: more is no list of posts."""
_GZIP = b"\x1f\x8b"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its end; `mended`: some bytes were no UTF-8 and stand as U+FFFD now."""

    number: int
    text: str
    mended: bool


def lines_of(opened: BinaryIO) -> Iterator[Line]:
    """The lines of an open file, numbered from 1. Raises `Unreadable` where it can't be read on."""
    head = opened.read(2)
    opened.seek(0)
    if head in _UTF16:
        raise Unreadable("is UTF-16; save it as UTF-8")
    stream = cast(io.BufferedIOBase, gzip.GzipFile(fileobj=opened) if head == _GZIP else opened)
    number = size = 0
    while line := _next(stream, number):
        number, size = number + 1, size + len(line)
        if len(line) > MOST_LINE_BYTES:
            raise Unreadable(f"has a line {number} of more than {MOST_LINE_BYTES // 2**20} MB")
        if size > MOST_BYTES:
            raise Unreadable(f"has more than {MOST_BYTES // 2**30} GB; split it")
        text, mended = decoded(line)
        yield Line(number, text, mended)


def _next(stream: io.BufferedIOBase, number: int) -> bytes:
    try:
        return stream.readline(MOST_LINE_BYTES + 1)
    except EOFError:
        raise Unreadable(
            f"is cut off after line {number}; if it is being written, the next run reads it"
        ) from None
    except (OSError, zlib.error) as error:
        raise Unreadable(f"can't be read behind line {number} ({error})") from None
