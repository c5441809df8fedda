"""Reads rows to posts, file by file.

A row that does not fit costs only itself: it is skipped and reported with its file, line and field. A file without
a good row, or with another schema version, is an error.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from tasks.errors import BadInput
from tasks.scrape.files.documents import UnreadableFile, modified_at, open_regular
from tasks.scrape.files.paging import FileItem
from tasks.scrape.files.seen_keys import SeenKeys
from tasks.scrape.rows.evidence import Evidence
from tasks.scrape.rows.posts import RowOptions, RowReader
from tasks.scrape.rows.validation import ConflictingRow, RowError

MAX_REPORTED = 1_000
"""Bad rows of a file that are reported individually; the rest is counted."""
MAX_LEADING_ERRORS = 1_000
"""A file that begins with this many bad rows, and no good one, is not read further."""
REPLACED = "bytes that are not UTF-8 were replaced by U+FFFD; save the file as UTF-8, or set `encoding`"


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row of the file; `problem` is why it can't be read, `replaced` whether bytes were replaced."""

    line: int
    value: dict[str, Any]
    problem: RowError | None = None
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A file format: how rows are read, and what a message calls one (`line`, `row`)."""

    rows: Callable[[BinaryIO, Path], Iterator[RawRow]]
    row_name: str = "line"


FormatOf = Callable[[BinaryIO], FileFormat]
"""Detects the format of an open file."""


@contextmanager
def open_rows(file: Path) -> Iterator[BinaryIO]:
    """Open a file. Raises `BadInput` where it can't be opened, or turns out to be unreadable later."""
    try:
        with open_regular(file.resolve()) as opened:
            yield opened
    except UnreadableFile as error:
        raise BadInput(f"The file {file} {error}.") from None
    except OSError as error:
        raise BadInput(f"The file {file} can't be read ({error.strerror or error}).") from None


def collect_evidence(file_format: FileFormat, opened: BinaryIO, file: Path) -> Evidence:
    """Collect evidence from all rows of a file, and rewind it."""
    evidence, bad, good = Evidence(), 0, 0
    try:
        for raw in file_format.rows(opened, file):
            bad, good = bad + (raw.problem is not None), good + (raw.problem is None)
            if bad >= MAX_LEADING_ERRORS and not good:
                break
            evidence.note(raw.value)
    except UnreadableFile:
        # Reading the posts raises it again, and reports it.
        pass
    opened.seek(0)
    return evidence


class FileReader:
    """Reads one file; rows up to the line `after` are in the spool. `good` and `bad` count its rows."""

    def __init__(
        self, file: Path, format_of: FormatOf, options: RowOptions, seen: SeenKeys, after: float
    ) -> None:
        self.file = file
        self.format_of = format_of
        self.options = options
        self.seen = seen
        self.after = after
        self.good = self.bad = self.problems = 0
        self.first_problems: list[str] = []

    def items(self) -> Iterator[FileItem]:
        """Read the rows. Raises `BadInput`."""
        with open_rows(self.file) as opened:
            yield from self._read(opened, modified_at(os.fstat(opened.fileno())))

    def _read(self, opened: BinaryIO, modified: datetime) -> Iterator[FileItem]:
        file_format, line, cut = self.format_of(opened), 0, []
        evidence = collect_evidence(file_format, opened, self.file)
        rows = RowReader(self.file.parent, self.options, evidence, self.seen)
        try:
            for raw in file_format.rows(opened, self.file):
                line = raw.line
                # Known rows are read too: their keys may repeat.
                item = self._read_row(rows, raw, modified, file_format.row_name)
                if line > self.after:
                    yield item
        except UnreadableFile as error:
            if not (self.good or self.after):
                raise
            cut = [f"{self.file.name} {error}"]
        self._check()
        if self.problems > MAX_REPORTED:
            cut.append(
                f"{self.file.name}: {self.problems - MAX_REPORTED:,} more {file_format.row_name}s could not be read"
            )
        if cut and line >= self.after:
            yield FileItem(
                self._cursor(line), modified, problems=tuple(cut), unparsed=("id",), part=str(self.file)
            )

    def _cursor(self, line: int) -> str:
        return f"{quote(os.fsencode(self.file))}:{line}"

    def _check(self) -> None:
        if self.bad and not (self.good or self.after):
            raise BadInput(
                f"No row of {self.file} could be read. {'; '.join(self.first_problems)}. Fix the file; docs/files.md describes"
                " the schema."
            )

    def _read_row(self, rows: RowReader, raw: RawRow, modified: datetime, row_name: str) -> FileItem:
        where = f"{self.file.name}, {row_name} {raw.line}"
        item = FileItem(self._cursor(raw.line), modified, part=str(self.file))
        try:
            if raw.problem is not None:
                return self._skip(item, where, raw.problem)
            item, errors = rows.read(raw.value, item, where)
        except RowError as error:
            return self._skip(item, where, error)
        self.good += 1
        problems = [f"{where}: {one}" for one in errors] + ([f"{where}: {REPLACED}"] if raw.replaced else [])
        unparsed = tuple(_field(one) for one in errors)
        return replace(item, problems=tuple(one for one in problems if self._may_report()), unparsed=unparsed)

    def _skip(self, item: FileItem, where: str, error: RowError) -> FileItem:
        # A conflict with another file does not make this one unreadable.
        self.bad += not isinstance(error, ConflictingRow)
        problem = f"{where}: {error}"
        if len(self.first_problems) < 3:
            self.first_problems.append(problem)
        if self.bad >= MAX_LEADING_ERRORS:
            self._check()
        if not self._may_report():
            return item
        # The post's id is not certain, so it counts as a post without one.
        return replace(item, problems=(problem,), unparsed=("id", _field(error) or "row"))

    def _may_report(self) -> bool:
        self.problems += 1
        return self.problems <= MAX_REPORTED


def _field(error: RowError) -> str:
    return error.field.partition("[")[0].partition(".")[0]
