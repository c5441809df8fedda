"""The numbered lines of a file, plain or gzip, read as a stream."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from tasks.scrape.files.documents import UnreadableFile, decode_utf8

MAX_LINE_BYTES = 8 * 1024 * 1024
MAX_BYTES = 64 * 1024**3
"""Of one file, unpacked."""
UTF_8 = "utf-8"
_GZIP = b"\x1f\x8b"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its line end; `replaced`: some bytes could not be decoded and were replaced by U+FFFD."""

    number: int
    text: str
    replaced: bool


def encoding_name(name: str) -> str:
    """Python's name of an encoding. Raises `ValueError` for an unknown one."""
    try:
        encoding = codecs.lookup(name)
        "a".encode(name)
        b"".decode(name)
    except (LookupError, UnicodeError):
        raise ValueError(
            f'{name!r} is not a text encoding; write "utf-8", "cp1252" (Windows), "latin-1" or "utf-16"'
        ) from None
    return UTF_8 if encoding.name in ("utf-8", "utf-8-sig") else encoding.name


def read_lines(opened: BinaryIO, encoding: str = UTF_8) -> Iterator[Line]:
    """Read the lines of an open file, numbered from 1. Raises `UnreadableFile`."""
    head = opened.read(2)
    opened.seek(0)
    stream = cast(io.BufferedIOBase, gzip.GzipFile(fileobj=opened) if head == _GZIP else opened)
    return _utf8_lines(stream) if encoding == UTF_8 else _other_lines(stream, encoding)


def _utf8_lines(stream: io.BufferedIOBase) -> Iterator[Line]:
    for number, line in _numbered(stream):
        if number == 1 and line.startswith(_UTF16):
            raise UnreadableFile('is UTF-16; save it as UTF-8, or set `encoding = "utf-16"`')
        text, replaced = decode_utf8(line)
        yield Line(number, text, replaced)


def _other_lines(stream: io.BufferedIOBase, encoding: str) -> Iterator[Line]:
    """Read lines in the encoding that the settings name."""
    is_single = len(bytes(range(256)).decode(encoding, "replace")) == 256
    # Detached and not closed: the caller closes the file.
    texts = io.TextIOWrapper(cast(BinaryIO, stream), encoding, "replace", newline="\n")
    is_checked = not is_single
    try:
        for number, text in _numbered(texts):
            if not is_checked and not text.isascii():
                _check_not_utf8(text, encoding, number)
                is_checked = True
            yield Line(number, text.removeprefix("\ufeff") if number == 1 else text, "\ufffd" in text)
    finally:
        texts.detach()


def _check_not_utf8(text: str, encoding: str, number: int) -> None:
    """Raise `UnreadableFile` where the first letters beyond ASCII are UTF-8; other encodings rarely look like it."""
    try:
        text.encode(encoding).decode()
    except UnicodeError:
        return
    raise UnreadableFile(f"is UTF-8, as its line {number} shows, and not {encoding}; remove `encoding`")


def _numbered(stream: Any) -> Iterator[tuple[int, Any]]:
    """The lines of a stream of bytes or text, from 1 on."""
    number = size = 0
    while line := _next(stream, number):
        number, size = number + 1, size + len(line)
        if len(line) > MAX_LINE_BYTES:
            raise UnreadableFile(f"has a line {number} of more than {MAX_LINE_BYTES // 2**20} MB")
        if size > MAX_BYTES:
            raise UnreadableFile(f"has more than {MAX_BYTES // 2**30} GB; split it")
        yield number, line


def _next(stream: Any, number: int) -> Any:
    try:
        return stream.readline(MAX_LINE_BYTES + 1)
    except EOFError:
        raise UnreadableFile(
            f"is cut off after line {number}; if it is still being written, the next run reads it"
        ) from None
    except (OSError, zlib.error, UnicodeError) as error:
        raise UnreadableFile(f"can't be read behind line {number} ({error})") from None
