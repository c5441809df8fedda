"""What the kinds `jsonl` and `table` share: settings that name files, and a source that reads them."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote_to_bytes

from pydantic import AfterValidator, Field, field_validator, model_validator

from tasks.errors import BadInput
from tasks.scrape.files.lines import UTF_8, encoding_name
from tasks.scrape.files.paging import FileItem, group_pages
from tasks.scrape.files.seen_keys import open_seen_keys
from tasks.scrape.files.source import FileSource, cursor_of
from tasks.scrape.model import SourceModel
from tasks.scrape.pages import Page
from tasks.scrape.read_context import ReadContext
from tasks.scrape.rows.file_reader import FileReader, RowOptions
from tasks.scrape.rows.paths import Paths
from tasks.scrape.rows.posts import RowDefaults
from tasks.scrape.values.addresses import web_address


class RowsSettings(SourceModel):
    """Keys of both kinds; `file`, a path, or `files`, a pattern, names what is read."""

    file: str | None = Field(default=None, min_length=1)
    files: str | None = Field(default=None, min_length=1)
    account: str | None = Field(default=None, min_length=1)
    url: str | None = None
    complete: bool = False
    encoding: Annotated[str, AfterValidator(encoding_name)] = UTF_8

    @field_validator("url")
    @classmethod
    def _has_post_id(cls, url: str | None) -> str | None:
        if url is not None and ("{post_id}" not in url or web_address(url) is None):
            raise ValueError(
                'write an http or https address with {post_id} in it, as "https://x.org/p/{post_id}"'
            )
        return url

    @model_validator(mode="after")
    def _names_files(self) -> RowsSettings:
        if (self.file is None) == (self.files is None):
            raise ValueError('write either `file`, a path, or `files`, a pattern as "exports/*.jsonl"')
        return self

    def paths(self, folder: Path) -> Paths:
        """The files that they name."""
        return Paths(folder, self.file or self.files or "", self.file is None)

    def defaults(self) -> RowDefaults:
        """Values for rows without them."""
        return RowDefaults(self.account, self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsSource(FileSource):
    """Files with rows as a source. `shows_all`: the newest file lists every post that there is."""

    paths: Paths
    defaults: RowDefaults
    encoding: str = UTF_8

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folder of the files, for pictures beside them."""
        return (self.paths.folder,)

    def pages(self, context: ReadContext) -> Iterator[Page]:
        """Read the rows of all files, those of the newest file first. Raises `BadInput`."""
        if cursor_of(context)[1]:
            return iter(())
        return group_pages(self._items(context), self.address)

    def _items(self, context: ReadContext) -> Iterator[FileItem]:
        raise NotImplementedError

    def _read_files(self, context: ReadContext, options: RowOptions) -> Iterator[FileItem]:
        files = self.paths.list_files()
        begin, line = _parse_cursor(cursor_of(context)[0])
        # Of files that are in the spool only the keys are used: they may repeat in the others.
        first = files.index(begin) if begin in files else 0
        good = 0
        with open_seen_keys() as seen:
            for position, file in enumerate(files):
                after = math.inf if position < first else line if file == begin else 0
                reader = FileReader(file, options, seen, after)
                yield from reader.items()
                good += reader.good
        if not good and begin is None and "posts" not in self.may_lack:
            raise BadInput(
                f"There is no row in {files[0]}. Fix the path of the source {self.name}, or fill the file."
            )


def _parse_cursor(cursor: str | None) -> tuple[Path | None, int]:
    if not cursor:
        return None, 0
    file, _, line = cursor.rpartition(":")
    return Path(os.fsdecode(unquote_to_bytes(file))), int(line)
