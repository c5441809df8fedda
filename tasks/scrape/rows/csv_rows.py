"""The rows of a CSV file, with the line that each begins at."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO

from tasks.scrape.files.documents import Unreadable
from tasks.scrape.files.lines import MOST_LINE_BYTES, lines_of
from tasks.scrape.rows.cells import from_text
from tasks.scrape.rows.checking import BadRow
from tasks.scrape.rows.columns import Columns
from tasks.scrape.rows.reading import Raw
from tasks.scrape.rows.schema import VERSION

OTHER_SEPARATORS = (",", ";", "\t", "|")


class _Texts:
    """The file's lines as the csv module takes them, and whether one since the last row was mended."""

    def __init__(self, opened: BinaryIO) -> None:
        self.lines = lines_of(opened)
        self.mended = False

    def __iter__(self) -> Iterator[str]:
        for line in self.lines:
            self.mended = self.mended or line.mended
            yield line.text


def csv_raws(opened: BinaryIO, separator: str, columns: Columns) -> Iterator[Raw]:
    """The rows below the header. Raises `Unreadable` for what has no such header."""
    csv.field_size_limit(MOST_LINE_BYTES)
    texts = _Texts(opened)
    rows = csv.reader(iter(texts), delimiter=separator, strict=True)
    fields = _fields(rows, separator, columns)
    while True:
        line, texts.mended = rows.line_num + 1, False
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Raw(line, {}, BadRow("", f"is no row of a CSV ({error})"))
            continue
        if row:
            yield _raw(line, row, fields, mended=texts.mended)


def _fields(rows: Iterator[list[str]], separator: str, columns: Columns) -> list[str | None]:
    try:
        header = next(rows)
    except StopIteration:
        raise Unreadable("is empty") from None
    except csv.Error as error:
        raise Unreadable(f"is no CSV: its first line can't be read ({error})") from None
    other = next((one for one in OTHER_SEPARATORS if one != separator and one in "".join(header)), None)
    if len(header) == 1 and other is not None:
        raise Unreadable(f"has one column only; where its separator is {other!r}, set `separator` so")
    return columns.of(header)


def _raw(line: int, row: list[str], fields: list[str | None], *, mended: bool) -> Raw:
    if len(row) != len(fields):
        why = (
            f"has {len(row)} cells, and the header has {len(fields)}; put a cell with separators into quotes"
        )
        return Raw(line, {}, BadRow("", why), mended)
    cells = {field: text for field, text in zip(fields, row, strict=True) if field is not None}
    try:
        return Raw(line, {"v": VERSION, **from_text(cells)}, mended=mended)
    except BadRow as error:
        return Raw(line, {}, error, mended)
