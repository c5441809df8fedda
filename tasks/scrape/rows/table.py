"""The kind `table`: CSV or Parquet files, one post per row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from tasks.scrape.files.paging import FileItem
from tasks.scrape.files.seen_keys import open_temporary
from tasks.scrape.read_context import ReadContext
from tasks.scrape.rows.columns import ColumnMapping
from tasks.scrape.rows.comments import FIELDS as COMMENT_FIELDS
from tasks.scrape.rows.comments import CommentTable
from tasks.scrape.rows.csv_rows import CsvDialect, read_csv_rows
from tasks.scrape.rows.file_reader import FileFormat
from tasks.scrape.rows.parquet import MAGIC, read_parquet_rows
from tasks.scrape.rows.schema import PostRow
from tasks.scrape.rows.source import RowsSettings, RowsSource
from tasks.scrape.rows.validation import did_you_mean

POST_FIELDS = ("v", *PostRow.model_fields)


class TableSettings(RowsSettings):
    """`[[sources]]` with `kind = "table"`; `columns` maps the table's columns to fields."""

    kind: Literal["table"]
    columns: dict[str, str] | None = None
    separator: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', max_length=1)
    comments_file: str | None = Field(default=None, min_length=1)
    comments_columns: dict[str, str] | None = None

    @field_validator("columns", "comments_columns")
    @classmethod
    def _names_fields(cls, columns: dict[str, str] | None, info: ValidationInfo) -> dict[str, str] | None:
        known = POST_FIELDS if info.field_name == "columns" else COMMENT_FIELDS
        for column, field in (columns or {}).items():
            if field not in known:
                raise ValueError(
                    f"{column!r} can't be {field!r}: it is not a field; {did_you_mean(field, known)}"
                )
        return columns

    @model_validator(mode="after")
    def _has_distinct_signs(self) -> TableSettings:
        if self.separator == self.quote or {self.separator, self.quote} & {"\r", "\n"}:
            raise ValueError("`separator` and `quote` must be two different characters, and not line breaks")
        return self

    def open(self, folder: Path) -> TableSource:
        """Create the source; the files need not exist yet."""
        paths = self.paths(folder)
        required = ("post_id",) if self.account else ("account", "post_id")
        comments_file = None if self.comments_file is None else folder / Path(self.comments_file).expanduser()
        return TableSource(
            name=self.name,
            path=paths.location,
            may_lack=self.may_lack,
            paths=paths,
            options=self.row_options(),
            shows_all=self.complete,
            style=CsvDialect(self.separator, self.quote, self.encoding),
            columns=ColumnMapping(POST_FIELDS, required, self.columns),
            comments_file=comments_file,
            comments_columns=ColumnMapping(
                COMMENT_FIELDS, ("post_id",), self.comments_columns, "comments_columns"
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSource(RowsSource):
    """CSV or Parquet files as a source."""

    style: CsvDialect
    columns: ColumnMapping
    comments_file: Path | None
    comments_columns: ColumnMapping

    def _items(self, context: ReadContext) -> Iterator[FileItem]:
        format_of = partial(self._format_of, self.columns)
        if self.comments_file is None or not context.comments:
            yield from self._read_files(context, format_of)
            return
        with open_temporary(CommentTable) as comments:
            comments.fill(self.comments_file, partial(self._format_of, self.comments_columns))
            if comments.problems and context.spool.last() is None:
                yield FileItem("", datetime.now(UTC), problems=tuple(comments.problems), unparsed=("thread",))
            yield from self._read_files(context, format_of, comments.of)

    def _format_of(self, columns: ColumnMapping, opened: BinaryIO) -> FileFormat:
        is_parquet = opened.read(len(MAGIC)) == MAGIC
        opened.seek(0)
        if is_parquet:
            return FileFormat(lambda _, file: read_parquet_rows(file, columns), "row")
        return FileFormat(lambda csv, _: read_csv_rows(csv, self.style, columns))
