"""The kind `jsonl`: JSON Lines, one post or account a line, in our schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Literal

from tasks.scrape.files.documents import Unreadable, parsed
from tasks.scrape.files.lines import Line, lines_of
from tasks.scrape.files.paging import Found
from tasks.scrape.files.values import shown
from tasks.scrape.read_context import ReadContext
from tasks.scrape.rows.checking import BadRow
from tasks.scrape.rows.reading import Form, Raw, Reading
from tasks.scrape.rows.source import RowsSettings, RowsSource


class JsonLinesSettings(RowsSettings):
    """`[[sources]]` with `kind = "jsonl"`."""

    kind: Literal["jsonl"]

    def open(self, folder: Path) -> JsonLinesSource:
        """Make the source; the files need not be there yet."""
        paths = self.paths(folder)
        return JsonLinesSource(
            name=self.name,
            path=paths.inspect_image,
            may_lack=self.may_lack,
            paths=paths,
            defaults=self.defaults(),
            shows_all=self.complete,
            encoding=self.encoding,
        )


@dataclass(frozen=True, slots=True)
class JsonLinesSource(RowsSource):
    """JSON Lines as a source."""

    def _found(self, context: ReadContext) -> Iterator[Found]:
        form = Form(partial(_raws, self.encoding))
        return self._of_files(context, Reading(lambda _: form, self.defaults, context.comments))


def _raws(encoding: str, opened: BinaryIO, _: Path) -> Iterator[Raw]:
    for line in lines_of(opened, encoding):
        if line.text.strip():
            yield _raw(line)


def _raw(line: Line) -> Raw:
    try:
        value = parsed(line.text.strip())
    except Unreadable as error:
        return Raw(line.number, {}, BadRow("", str(error)), line.mended)
    if not isinstance(value, dict):
        why = f"{shown(value)} is no object; write one object a line, {{…}}, without a list around them"
        return Raw(line.number, {}, BadRow("", why), line.mended)
    return Raw(line.number, value, mended=line.mended)
