"""The kind `jsonl`: JSON Lines, one post or account per line, in our schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Literal

from tasks.scrape.files.lines import Line, read_lines
from tasks.scrape.files.paging import FileItem
from tasks.scrape.read_context import ReadContext
from tasks.scrape.rows.file_reader import FileFormat, RawRow
from tasks.scrape.rows.source import RowsSettings, RowsSource
from tasks.scrape.rows.validation import RowError
from tasks.scrape.values.json_text import LENIENT, read_json
from tasks.scrape.values.text import shown


class JsonLinesSettings(RowsSettings):
    """`[[sources]]` with `kind = "jsonl"`."""

    kind: Literal["jsonl"]

    def open(self, folder: Path) -> JsonLinesSource:
        """Create the source; the files need not exist yet."""
        paths = self.paths(folder)
        return JsonLinesSource(
            name=self.name,
            path=paths.location,
            may_lack=self.may_lack,
            paths=paths,
            options=self.row_options(),
            shows_all=self.complete,
            encoding=self.encoding,
        )


@dataclass(frozen=True, slots=True)
class JsonLinesSource(RowsSource):
    """JSON Lines as a source."""

    def _items(self, context: ReadContext) -> Iterator[FileItem]:
        file_format = FileFormat(partial(_read_rows, self.encoding))
        return self._read_files(context, lambda _: file_format)


def _read_rows(encoding: str, opened: BinaryIO, _: Path) -> Iterator[RawRow]:
    for line in read_lines(opened, encoding):
        if line.text.strip():
            yield _raw_row(line)


def _raw_row(line: Line) -> RawRow:
    try:
        value = read_json(line.text.strip(), LENIENT)
    except ValueError as error:
        return RawRow(line.number, {}, RowError("", str(error)), line.replaced)
    if not isinstance(value, dict):
        why = f"{shown(value)} is not an object; write one object per line, {{…}}, without a list around them"
        return RawRow(line.number, {}, RowError("", why), line.replaced)
    return RawRow(line.number, value, replaced=line.replaced)
