"""What the kinds `jsonl` and `table` share: settings that name files, and a source that reads them."""

from __future__ import annotations

import glob
import math
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote_to_bytes

from pydantic import AfterValidator, Field, field_validator, model_validator

from tasks.errors import BadInput
from tasks.scrape.files.lines import UTF_8, encoding_name
from tasks.scrape.files.paging import FileItem, group_pages
from tasks.scrape.files.seen_keys import SeenKeys, open_temporary
from tasks.scrape.files.source import FileSource, cursor_of
from tasks.scrape.model import SourceModel
from tasks.scrape.pages import Page
from tasks.scrape.read_context import ReadContext
from tasks.scrape.rows.file_reader import FileReader, FormatOf
from tasks.scrape.rows.posts import RowOptions
from tasks.scrape.rows.schema import CommentRow
from tasks.scrape.values.addresses import web_address

_PATTERN = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Paths:
    """`file` or `files` of a source, relative to the settings file's folder."""

    base: Path
    given: str
    is_pattern: bool

    @property
    def location(self) -> Path:
        """The path to show to a person: the file, or the folder above the pattern."""
        path = self.base / Path(self.given).expanduser()
        if not self.is_pattern:
            return path
        return Path(*takewhile(lambda part: not _PATTERN.search(part), path.parts[:-1]))

    @property
    def folder(self) -> Path:
        """The folder that pictures may come from."""
        return self.location if self.is_pattern else self.location.parent

    def list_files(self) -> list[Path]:
        """The files, most recently changed first. Raises `BadInput` when there is none."""
        plain = str(Path(self.given).expanduser())
        # Path.glob rejects absolute patterns.
        names = glob.iglob(plain, root_dir=self.base, recursive=True) if self.is_pattern else [plain]  # noqa: PTH207
        files = [path for name in names if (path := self.base / name).is_file()]
        if not files:
            what = "no file that matches the pattern" if self.is_pattern else "no file"
            raise BadInput(f"There is {what} {self.base / plain}. Fix the path, or put the file there.")
        return sorted(files, key=lambda file: (-_changed(file), str(file)))


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

    def row_options(self) -> RowOptions:
        """How their rows are read."""
        return RowOptions(self.account, self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsSource(FileSource):
    """Files with rows as a source. `shows_all`: the newest file lists every post that there is."""

    paths: Paths
    options: RowOptions
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

    def _read_files(
        self,
        context: ReadContext,
        format_of: FormatOf,
        thread_of: Callable[[str], tuple[CommentRow, ...]] | None = None,
    ) -> Iterator[FileItem]:
        options = replace(self.options, comments=context.comments, thread_of=thread_of)
        files = self.paths.list_files()
        begin, line = _parse_cursor(cursor_of(context)[0])
        # Of files that are in the spool only the keys are used: they may repeat in the others.
        first = files.index(begin) if begin in files else 0
        good = 0
        with open_temporary(SeenKeys) as seen:
            for position, file in enumerate(files):
                after = math.inf if position < first else line if file == begin else 0
                reader = FileReader(file, format_of, options, seen, after)
                yield from reader.items()
                good += reader.good
        if not good and begin is None and "posts" not in self.may_lack:
            raise BadInput(
                f"There is no row in {files[0]}. Fix the path of the source {self.name}, or fill the file."
            )


def _changed(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def _parse_cursor(cursor: str | None) -> tuple[Path | None, int]:
    if not cursor:
        return None, 0
    file, _, line = cursor.rpartition(":")
    return Path(os.fsdecode(unquote_to_bytes(file))), int(line)
