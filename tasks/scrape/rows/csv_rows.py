"""The rows of a CSV file, with the line number at which each begins.

A quote that opens a cell and never closes would take the rest of the file into that cell. So rows are read one at
a time: where a row does not end well, only its first line is skipped, and the next row begins at the next line.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from tasks.scrape.files.documents import UnreadableFile
from tasks.scrape.files.lines import MAX_LINE_BYTES, Line, read_lines
from tasks.scrape.rows.columns import ColumnMapping
from tasks.scrape.rows.evidence import COUNTS
from tasks.scrape.rows.file_reader import RawRow
from tasks.scrape.rows.schema import VERSION
from tasks.scrape.rows.validation import RowError
from tasks.scrape.values.counts import is_missing, parse_count

OTHER_SEPARATORS = (",", ";", "\t", "|")
MAX_ROW_LINES = 10_000
"""Lines of one row, with line breaks inside its quotes."""
_UNQUOTED = 'if the cells are not quoted, set `quote = ""`'


@dataclass(frozen=True, slots=True)
class CsvDialect:
    """How a CSV file is written. `quote` encloses cells that hold separators; empty where cells are never quoted."""

    separator: str = ","
    quote: str = '"'
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class _Row:
    """The lines and cells of one row; `problem` is why it has no cells."""

    lines: tuple[Line, ...]
    cells: list[str]
    problem: str = ""


class _Rows:
    """The rows of a file in sequence."""

    def __init__(self, opened: BinaryIO, style: CsvDialect) -> None:
        self.style = style
        quotes: dict[str, Any] = {"quotechar": style.quote} if style.quote else {"quoting": csv.QUOTE_NONE}
        self.format = {"delimiter": style.separator, "strict": True, **quotes}
        self.lines = read_lines(opened, style.encoding)
        self.pushed_back: deque[Line] = deque()
        """Lines that a malformed row had consumed."""

    def next(self, is_row: Callable[[str], bool] | None = None) -> _Row | None:
        """Read the next row; None at the end of the file. `is_row`: whether a line looks like a complete row."""
        row_lines: list[Line] = []
        try:
            cells = next(csv.reader(self._consume(row_lines), **self.format), None)
        except csv.Error as error:
            why = self._why(error, row_lines)
            self._push_back(row_lines)
            return _Row(tuple(row_lines[:1]), [], why)
        if cells is None:
            return None
        if len(row_lines) > 1 and is_row is not None and all(is_row(line.text) for line in row_lines):
            self._push_back(row_lines)
            why = f"a quote opens in its line and closes in line {row_lines[-1].number}, with complete rows between; {_UNQUOTED}"
            return _Row(tuple(row_lines[:1]), [], why)
        return _Row(tuple(row_lines), cells)

    def cells_of(self, text: str) -> list[str]:
        """Split a line without regard to quotes."""
        return text.rstrip("\r\n").split(self.style.separator)

    def _consume(self, row_lines: list[Line]) -> Iterator[str]:
        size = 0
        while len(row_lines) < MAX_ROW_LINES and size <= MAX_LINE_BYTES:
            line = self.pushed_back.popleft() if self.pushed_back else next(self.lines, None)
            if line is None:
                return
            row_lines.append(line)
            size += len(line.text)
            yield line.text

    def _push_back(self, row_lines: Sequence[Line]) -> None:
        """Return all lines of a row but the first to the queue."""
        self.pushed_back.extendleft(reversed(row_lines[1:]))

    def _why(self, error: csv.Error, row_lines: Sequence[Line]) -> str:
        if not self.style.quote:
            return f"is not a CSV row ({error})"
        opens, why = self._opens_in(row_lines), ""
        if opens is not None and (len(row_lines) > 1 or "unexpected end" in str(error)):
            where = "its line" if opens == row_lines[0].number else f"line {opens}"
            why = f": the quote that opens in {where} is not closed"
        return f"is not a CSV row{why} ({error}); {_UNQUOTED}"

    def _opens_in(self, row_lines: Sequence[Line]) -> int | None:
        """The line of the last quote that opens a cell."""
        quote, separator = re.escape(self.style.quote), re.escape(self.style.separator)
        opening = re.compile(f"(?:^|{separator}){quote}")
        closing = re.compile(f"(?:[^{quote}]|{quote}{quote})*{quote}")
        opened: int | None = None
        is_open = False
        for line in row_lines:
            position = 0
            while match := (closing.match if is_open else opening.search)(line.text, position):
                is_open, position = not is_open, match.end()
                opened = line.number if is_open else opened
        return opened


def read_csv_rows(opened: BinaryIO, style: CsvDialect, columns: ColumnMapping) -> Iterator[RawRow]:
    """Read the rows below the header. Raises `UnreadableFile` where the header is missing."""
    csv.field_size_limit(MAX_LINE_BYTES)
    rows = _Rows(opened, style)
    fields = _fields(rows, columns)
    while (row := rows.next(lambda text: _is_row(rows.cells_of(text), fields))) is not None:
        line, replaced = row.lines[0].number, any(one.replaced for one in row.lines)
        if row.problem:
            yield RawRow(line, {}, RowError("", row.problem), replaced)
        elif row.cells:
            yield _raw_row(line, row.cells, fields, replaced=replaced)


def _fields(rows: _Rows, columns: ColumnMapping) -> list[str | None]:
    row = rows.next()
    if row is None:
        raise UnreadableFile("is empty")
    if row.problem:
        raise UnreadableFile(f"is not a CSV file: its first line can't be read: it {row.problem}")
    if any(line.replaced for line in row.lines):
        raise UnreadableFile(
            f"is not {rows.style.encoding.upper()}: its first line has other bytes; save it as UTF-8, or set `encoding`,"
            ' as "cp1252" for Windows'
        )
    separator = rows.style.separator
    other = next((one for one in OTHER_SEPARATORS if one != separator and one in "".join(row.cells)), None)
    if len(row.cells) == 1 and other is not None:
        raise UnreadableFile(f"has only one column; if its separator is {other!r}, set `separator`")
    return columns.of(row.cells)


def _is_row(cells: Sequence[str], fields: Sequence[str | None]) -> bool:
    """Whether a line, read without quotes, is a row: the right number of cells, ids without spaces, valid counts."""
    if len(cells) != len(fields) or len(fields) < 3:
        return False
    for text, field in zip(cells, fields, strict=True):
        if field in ("account", "post_id", "comment_id") and text.split() != [text]:
            return False
        if field in COUNTS and not _is_count(text):
            return False
    return True


def _is_count(text: str) -> bool:
    try:
        return is_missing(text) or parse_count(text) is not None
    except ValueError:
        return False


def _raw_row(line: int, row: list[str], fields: list[str | None], *, replaced: bool) -> RawRow:
    if len(row) != len(fields):
        why = f"has {len(row)} cells, and the header has {len(fields)}; quote cells that hold separators"
        return RawRow(line, {}, RowError("", why), replaced)
    cells = {field: text for field, text in zip(fields, row, strict=True) if field is not None}
    return RawRow(line, {"v": VERSION, **cells}, replaced=replaced)
