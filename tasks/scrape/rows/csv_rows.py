"""The rows of a CSV file, with the line that each begins at.

A quote that opens a cell and is not closed would take the rest of the file into that cell. So rows are read one by
one: where one does not end well, its first line alone is given up, and the next row begins at the next line.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from tasks.scrape.counts import is_nothing, parse_count
from tasks.scrape.files.documents import Unreadable
from tasks.scrape.files.lines import MAX_LINE_BYTES, Line, lines_of
from tasks.scrape.rows.checking import BadRow
from tasks.scrape.rows.columns import Columns
from tasks.scrape.rows.evidence import COUNTS
from tasks.scrape.rows.reading import Raw
from tasks.scrape.rows.schema import VERSION

OTHER_SEPARATORS = (",", ";", "\t", "|")
MAX_ROW_LINES = 10_000
"""Lines that one row has at most, by line breaks inside of its quotes."""
_UNQUOTED = 'if its cells are not quoted, set `quote = ""`'


@dataclass(frozen=True, slots=True)
class Style:
    """How a CSV file is written. `quote` stands around cells with separators; empty: around none."""

    separator: str = ","
    quote: str = '"'
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class _Row:
    """The lines of one row and its cells; `problem` is why it has none."""

    lines: tuple[Line, ...]
    cells: list[str]
    problem: str = ""


class _Rows:
    """The rows of a file, one after the other."""

    def __init__(self, opened: BinaryIO, style: Style) -> None:
        self.style = style
        self.lines = lines_of(opened, style.encoding)
        self.waiting: deque[Line] = deque()
        """Lines that a row that did not end well had taken."""

    def next(self, is_row: Callable[[str], bool] | None = None) -> _Row | None:
        """The next row; None at the end of the file. `is_row` says of a line whether it looks like a row of its own."""
        taken: list[Line] = []
        try:
            cells = next(self._reader(self._take(taken)), None)
        except csv.Error as error:
            why = self._why(error, taken)
            self._put_back(taken)
            return _Row(tuple(taken[:1]), [], why)
        if cells is None:
            return None
        if len(taken) > 1 and is_row is not None and all(is_row(line.text) for line in taken):
            self._put_back(taken)
            why = f"a quote opens in its line and closes in line {taken[-1].number}, with whole rows between; {_UNQUOTED}"
            return _Row(tuple(taken[:1]), [], why)
        return _Row(tuple(taken), cells)

    def cells_of(self, text: str) -> list[str]:
        """The cells of a line where quotes are letters as others."""
        return text.rstrip("\r\n").split(self.style.separator)

    def _reader(self, texts: Iterator[str]) -> Iterator[list[str]]:
        if not self.style.quote:
            return csv.reader(texts, delimiter=self.style.separator, quoting=csv.QUOTE_NONE, strict=True)
        return csv.reader(texts, delimiter=self.style.separator, quotechar=self.style.quote, strict=True)

    def _take(self, taken: list[Line]) -> Iterator[str]:
        size = 0
        while len(taken) < MAX_ROW_LINES and size <= MAX_LINE_BYTES:
            line = self.waiting.popleft() if self.waiting else next(self.lines, None)
            if line is None:
                return
            taken.append(line)
            size += len(line.text)
            yield line.text

    def _put_back(self, taken: Sequence[Line]) -> None:
        """All lines of a row but its first one."""
        self.waiting.extendleft(reversed(taken[1:]))

    def _why(self, error: csv.Error, taken: Sequence[Line]) -> str:
        if not self.style.quote:
            return f"is no row of a CSV ({error})"
        opens = self._opens_in(taken)
        if opens is None:
            return f"is no row of a CSV ({error}); {_UNQUOTED}"
        where = "its line" if opens == taken[0].number else f"line {opens}"
        if len(taken) > 1 or "unexpected end" in str(error):
            return f"is no row of a CSV: the quote that opens in {where} is not closed ({error}); {_UNQUOTED}"
        return f"is no row of a CSV ({error}); {_UNQUOTED}"

    def _opens_in(self, taken: Sequence[Line]) -> int | None:
        """The line of the last quote that opens a cell."""
        quote, separator = re.escape(self.style.quote), re.escape(self.style.separator)
        opening, closing = (
            re.compile(f"(?:^|{separator}){quote}"),
            re.compile(f"(?:[^{quote}]|{quote}{quote})*{quote}"),
        )
        opened: int | None = None
        is_open = False
        for line in taken:
            place = 0
            while found := closing.match(line.text, place) if is_open else opening.search(line.text, place):
                is_open, place = not is_open, found.end()
                opened = line.number if is_open else opened
        return opened


def csv_raws(opened: BinaryIO, style: Style, columns: Columns) -> Iterator[Raw]:
    """The rows below the header. Raises `Unreadable` for what has no such header."""
    csv.field_size_limit(MAX_LINE_BYTES)
    rows = _Rows(opened, style)
    fields = _fields(rows, columns)
    while (row := rows.next(lambda text: _is_row(rows.cells_of(text), fields))) is not None:
        line, mended = row.lines[0].number, any(one.mended for one in row.lines)
        if row.problem:
            yield Raw(line, {}, BadRow("", row.problem), mended)
        elif row.cells:
            yield _raw(line, row.cells, fields, mended=mended)


def _fields(rows: _Rows, columns: Columns) -> list[str | None]:
    row = rows.next()
    if row is None:
        raise Unreadable("is empty")
    if row.problem:
        raise Unreadable(f"is no CSV: its first line can't be read: it {row.problem}")
    if any(line.mended for line in row.lines):
        raise Unreadable(
            f"is not {rows.style.encoding.upper()}: its first line has other bytes; save it as UTF-8, or say in `encoding`"
            ' what it is, as "cp1252" for Windows'
        )
    separator = rows.style.separator
    other = next((one for one in OTHER_SEPARATORS if one != separator and one in "".join(row.cells)), None)
    if len(row.cells) == 1 and other is not None:
        raise Unreadable(f"has one column only; where its separator is {other!r}, set `separator` so")
    return columns.of(row.cells)


def _is_row(cells: Sequence[str], fields: Sequence[str | None]) -> bool:
    """Whether a line, taken without quotes, is a row: as many cells, ids without blanks, counts that are counts."""
    if len(cells) != len(fields) or len(fields) < 3:
        return False
    for text, field in zip(cells, fields, strict=True):
        if field in ("account", "post_id", "comment_id") and (
            not text or any(sign.isspace() for sign in text)
        ):
            return False
        if field in COUNTS and not _is_count(text):
            return False
    return True


def _is_count(text: str) -> bool:
    try:
        return is_nothing(text) or parse_count(text) is not None
    except ValueError:
        return False


def _raw(line: int, row: list[str], fields: list[str | None], *, mended: bool) -> Raw:
    if len(row) != len(fields):
        why = (
            f"has {len(row)} cells, and the header has {len(fields)}; put a cell with separators into quotes"
        )
        return Raw(line, {}, BadRow("", why), mended)
    cells = {field: text for field, text in zip(fields, row, strict=True) if field is not None}
    return Raw(line, {"v": VERSION, **cells}, mended=mended)
