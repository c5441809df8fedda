"""The kind `table`: CSV or Parquet files, a row a post."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, Literal

from pydantic import Field, field_validator, model_validator

from tasks.scrape.files.paging import Found
from tasks.scrape.read_context import ReadContext
from tasks.scrape.rows.checking import did_you_mean
from tasks.scrape.rows.columns import Columns
from tasks.scrape.rows.comments import FIELDS as COMMENT_FIELDS
from tasks.scrape.rows.comments import threads
from tasks.scrape.rows.csv_rows import Style, csv_raws
from tasks.scrape.rows.parquet import MAGIC, parquet_raws
from tasks.scrape.rows.reading import Form, Reading
from tasks.scrape.rows.schema import PostRow
from tasks.scrape.rows.source import RowsSettings, RowsSource

POST_FIELDS = ("v", *PostRow.model_fields)


class TableSettings(RowsSettings):
    """`[[sources]]` with `kind = "table"`; `columns` says which of the table's columns is which field."""

    kind: Literal["table"]
    columns: dict[str, str] | None = None
    separator: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', max_length=1)
    comments_file: str | None = Field(default=None, min_length=1)
    comments_columns: dict[str, str] | None = None

    @field_validator("columns", "comments_columns")
    @classmethod
    def _names_fields(cls, columns: dict[str, str] | None, info: object) -> dict[str, str] | None:
        known = POST_FIELDS if getattr(info, "field_name", "") == "columns" else COMMENT_FIELDS
        for column, field in (columns or {}).items():
            if field not in known:
                raise ValueError(
                    f"{column!r} can't be {field!r}: it is no field; {did_you_mean(field, known)}"
                )
        return columns

    @model_validator(mode="after")
    def _tells_cells_apart(self) -> TableSettings:
        if self.separator == self.quote or {self.separator, self.quote} & {"\r", "\n"}:
            raise ValueError("`separator` and `quote` are two different characters, and no line breaks")
        return self

    def open(self, folder: Path) -> TableSource:
        """Make the source; the files need not be there yet."""
        paths = self.paths(folder)
        needed = ("post_id",) if self.account else ("account", "post_id")
        comments_file = None if self.comments_file is None else folder / Path(self.comments_file).expanduser()
        return TableSource(
            name=self.name,
            path=paths.inspect_image,
            may_lack=self.may_lack,
            paths=paths,
            defaults=self.defaults(),
            shows_all=self.complete,
            style=Style(self.separator, self.quote, self.encoding),
            columns=Columns(POST_FIELDS, needed, self.columns),
            comments_file=comments_file,
            comments_columns=Columns(COMMENT_FIELDS, ("post_id",), self.comments_columns, "comments_columns"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSource(RowsSource):
    """CSV or Parquet files as a source."""

    style: Style
    columns: Columns
    comments_file: Path | None
    comments_columns: Columns

    def _found(self, context: ReadContext) -> Iterator[Found]:
        how = Reading(partial(self._form_of, self.columns), self.defaults, context.comments)
        if self.comments_file is None or not context.comments:
            yield from self._of_files(context, how)
            return
        with threads() as comments:
            comments.fill(
                self.comments_file, replace(how, form_of=partial(self._form_of, self.comments_columns))
            )
            if comments.problems and context.spool.last() is None:
                yield Found("", datetime.now(UTC), problems=tuple(comments.problems), unparsed=("thread",))
            yield from self._of_files(context, replace(how, thread_of=comments.of))

    def _form_of(self, columns: Columns, opened: BinaryIO) -> Form:
        is_parquet = opened.read(len(MAGIC)) == MAGIC
        opened.seek(0)
        if is_parquet:
            return Form(lambda _, file: parquet_raws(file, columns), "row")
        return Form(lambda csv, _: csv_raws(csv, self.style, columns))
