"""A file of lines, plain or gzip, with the number of each: read as a stream, whatever its size."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from tasks.scrape.files.documents import Unreadable, decoded

MAX_LINE_BYTES = 8 * 1024 * 1024
MAX_BYTES = 64 * 1024**3
"""Of one file, unpacked: more is no list of posts."""
UTF_8 = "utf-8"
_GZIP = b"\x1f\x8b"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its end; `mended`: some bytes could not be decoded and stand as U+FFFD now."""

    number: int
    text: str
    mended: bool


def encoding_name(name: str) -> str:
    """An encoding as Python calls it. Raises `ValueError` where it knows none of this name."""
    try:
        found = codecs.lookup(name)
        "a".encode(name)
        b"".decode(name)
    except (LookupError, UnicodeError):
        raise ValueError(
            f'{name!r} is no encoding of texts; write "utf-8", "cp1252" (Windows), "latin-1" or "utf-16"'
        ) from None
    return UTF_8 if found.name in ("utf-8", "utf-8-sig") else found.name


def lines_of(opened: BinaryIO, encoding: str = UTF_8) -> Iterator[Line]:
    """The lines of an open file, numbered from 1. Raises `Unreadable` where it can't be read on."""
    head = opened.read(2)
    opened.seek(0)
    stream = cast(io.BufferedIOBase, gzip.GzipFile(fileobj=opened) if head == _GZIP else opened)
    return _utf8_lines(stream) if encoding == UTF_8 else _other_lines(stream, encoding)


def _utf8_lines(stream: io.BufferedIOBase) -> Iterator[Line]:
    number = size = 0
    while line := _next(stream, number):
        if not number and line.startswith(_UTF16):
            raise Unreadable('is UTF-16; save it as UTF-8, or set `encoding = "utf-16"`')
        number, size = number + 1, size + len(line)
        _check_size(number, len(line), size)
        text, mended = decoded(line)
        yield Line(number, text, mended)


def _other_lines(stream: io.BufferedIOBase, encoding: str) -> Iterator[Line]:
    """Lines in the encoding that the settings name."""
    is_single = len(bytes(range(256)).decode(encoding, "replace")) == 256
    # Not detached and not closed: the file is its opener's.
    texts = io.TextIOWrapper(cast(BinaryIO, stream), encoding, "replace", newline="\n")
    number = size = 0
    is_checked = not is_single
    try:
        while text := _next(texts, number):
            number, size = number + 1, size + len(text)
            _check_size(number, len(text), size)
            if not is_checked and not text.isascii():
                _check_not_utf8(text, encoding, number)
                is_checked = True
            yield Line(number, text.removeprefix("\ufeff") if number == 1 else text, "\ufffd" in text)
    finally:
        texts.detach()


def _check_not_utf8(text: str, encoding: str, number: int) -> None:
    """Raise `Unreadable` where the first letters beyond ASCII are UTF-8: other encodings hardly ever look so."""
    try:
        text.encode(encoding).decode()
    except UnicodeError:
        return
    raise Unreadable(f"is UTF-8, as its line {number} shows, and not {encoding}; leave out `encoding`")


def _check_size(number: int, length: int, size: int) -> None:
    if length > MAX_LINE_BYTES:
        raise Unreadable(f"has a line {number} of more than {MAX_LINE_BYTES // 2**20} MB")
    if size > MAX_BYTES:
        raise Unreadable(f"has more than {MAX_BYTES // 2**30} GB; split it")


def _next(stream: Any, number: int) -> Any:
    try:
        return stream.readline(MAX_LINE_BYTES + 1)
    except EOFError:
        raise Unreadable(
            f"is cut off after line {number}; if it is being written, the next run reads it"
        ) from None
    except (OSError, zlib.error, UnicodeError) as error:
        raise Unreadable(f"can't be read behind line {number} ({error})") from None
