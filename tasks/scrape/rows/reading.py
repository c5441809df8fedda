"""Rows to posts, file by file.

A row that does not fit costs only itself: it is left out, and told with its file, line and field. A file
that has no good row, or that says another version, is an error.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from tasks.errors import BadInput
from tasks.scrape.files.documents import Unreadable, modified_at, open_regular
from tasks.scrape.files.paging import Found
from tasks.scrape.files.repeats import Repeats
from tasks.scrape.rows.checking import BadRow, Contradiction
from tasks.scrape.rows.evidence import Evidence
from tasks.scrape.rows.posts import Defaults, RowReader
from tasks.scrape.rows.schema import CommentRow

TELL_PROBLEMS = 1_000
"""So many bad rows of a file are told one by one; the others are counted."""
GIVE_UP_AFTER = 1_000
"""A file that begins with so many bad rows, and no good one, is not read on."""
REPLACED = (
    "bytes that are no UTF-8 were replaced by U+FFFD; save the file as UTF-8, or say in `encoding` what it is"
)


@dataclass(frozen=True, slots=True)
class Raw:
    """A row as it stands in the file; `problem` is why it can't be read, `mended` that bytes were replaced."""

    line: int
    value: dict[str, Any]
    problem: BadRow | None = None
    mended: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A form of file: how its rows are read, and what a message calls one (`line`, `row`)."""

    raws: Callable[[BinaryIO, Path], Iterator[Raw]]
    word: str = "line"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a source's files are read. `thread_of` gives a post's comments where they are in a file of their own."""

    form_of: Callable[[BinaryIO], Form]
    defaults: Defaults
    comments: bool = True
    thread_of: Callable[[str], tuple[CommentRow, ...] | None] | None = None


def look_over(form: Form, opened: BinaryIO, file: Path) -> Evidence:
    """What the rows of a file tell together; the file is at its beginning again."""
    evidence, bad, good = Evidence(), 0, 0
    try:
        for raw in form.raws(opened, file):
            bad, good = bad + (raw.problem is not None), good + (raw.problem is None)
            if bad >= GIVE_UP_AFTER and not good:
                break
            evidence.note(raw.value)
    except Unreadable:
        # The reading of the rows meets it too, and reports it.
        pass
    opened.seek(0)
    return evidence


class FileReader:
    """Reads one file; rows up to the line `after` were given before. `good` and `bad` count its rows."""

    def __init__(self, file: Path, how: Reading, met: Repeats, after: float = 0) -> None:
        self.file = file
        self.how = how
        self.met = met
        self.after = after
        self.good = self.bad = self.problems = 0
        self.first: list[str] = []

    def found(self) -> Iterator[Found]:
        """What the rows give. Raises `BadInput`."""
        try:
            with open_regular(self.file.resolve()) as opened:
                modified = modified_at(os.fstat(opened.fileno()))
                yield from self._found(opened, modified)
        except Unreadable as error:
            raise BadInput(f"The file {self.file} {error}.") from None
        except OSError as error:
            raise BadInput(f"The file {self.file} can't be read ({error.strerror or error}).") from None

    def _found(self, opened: BinaryIO, modified: datetime) -> Iterator[Found]:
        form, line, cut = self.how.form_of(opened), 0, []
        how = self.how
        rows = RowReader(
            self.file.parent,
            how.defaults,
            look_over(form, opened, self.file),
            self.met,
            how.comments,
            how.thread_of,
        )
        try:
            for raw in form.raws(opened, self.file):
                line = raw.line
                # Those that were given before are read too: their keys may come again.
                found = self._one(rows, raw, modified, form.word)
                if line > self.after:
                    yield found
        except Unreadable as error:
            if not (self.good or self.after):
                raise
            cut = [f"{self.file.name} {error}"]
        self._check()
        if self.problems > TELL_PROBLEMS:
            cut.append(
                f"{self.file.name}: {self.problems - TELL_PROBLEMS:,} more {form.word}s could not be read"
            )
        if cut and line >= self.after:
            yield Found(
                self.cursor(line), modified, problems=tuple(cut), unparsed=("id",), part=str(self.file)
            )

    def cursor(self, line: int) -> str:
        """Behind a line of this file."""
        return f"{quote(os.fsencode(self.file))}:{line}"

    def _check(self) -> None:
        if self.bad and not (self.good or self.after):
            raise BadInput(
                f"No row of {self.file} could be read. {'; '.join(self.first)}. Mend the file; its schema is in"
                " docs/files.md."
            )

    def _one(self, rows: RowReader, raw: Raw, modified: datetime, word: str) -> Found:
        where = f"{self.file.name}, {word} {raw.line}"
        found = Found(self.cursor(raw.line), modified, part=str(self.file))
        try:
            if raw.problem is not None:
                return self._left_out(found, where, raw.problem)
            gave, lost = rows.read(raw.value, found, where)
        except BadRow as error:
            return self._left_out(found, where, error)
        self.good += 1
        told = [f"{where}: {one}" for one in lost] + ([f"{where}: {REPLACED}"] if raw.mended else [])
        unparsed = tuple(_field(one) for one in lost)
        return replace(gave, problems=tuple(one for one in told if self._may_tell()), unparsed=unparsed)

    def _left_out(self, found: Found, where: str, error: BadRow) -> Found:
        # A file whose rows contradict another's is no file that can't be read.
        self.bad += not isinstance(error, Contradiction)
        told = f"{where}: {error}"
        if len(self.first) < 3:
            self.first.append(told)
        if self.bad >= GIVE_UP_AFTER:
            self._check()
        # Which post it was is not known for sure: so it counts as one without an id.
        return (
            replace(found, problems=(told,), unparsed=("id", _field(error) or "row"))
            if self._may_tell()
            else found
        )

    def _may_tell(self) -> bool:
        self.problems += 1
        return self.problems <= TELL_PROBLEMS


def _field(error: BadRow) -> str:
    return error.field.partition("[")[0].partition(".")[0]
