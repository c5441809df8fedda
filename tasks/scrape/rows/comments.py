"""A table of comments, looked up by post. It lies in a temporary file, so memory use is constant."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tasks.errors import BadInput
from tasks.scrape.files.seen_keys import SeenKeys
from tasks.scrape.rows.cells import drop_missing, find_rounded_id, read_comment_likes
from tasks.scrape.rows.evidence import Evidence
from tasks.scrape.rows.file_reader import (
    MAX_REPORTED,
    REPLACED,
    FormatOf,
    RawRow,
    collect_evidence,
    open_rows,
)
from tasks.scrape.rows.schema import CommentRow, PostedCommentRow
from tasks.scrape.rows.validation import RowError, validate_row
from tasks.scrape.values.text import shown

FIELDS = tuple(PostedCommentRow.model_fields)


class CommentTable:
    """Comments by post, in a database of its own. `problems` describes skipped rows."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.problems: list[str] = []
        self.unreported = 0
        self.seen = SeenKeys(connection)
        connection.execute("create table comments (position integer primary key, post_id text, row text)")

    def fill(self, file: Path, format_of: FormatOf) -> None:
        """Add the rows of a file. Raises `BadInput` when none of them is a comment."""
        good = bad = 0
        with open_rows(file) as opened:
            file_format = format_of(opened)
            evidence = collect_evidence(file_format, opened, file)
            for raw in file_format.rows(opened, file):
                is_good = self._add(raw, evidence, f"{file.name}, {file_format.row_name} {raw.line}")
                good, bad = good + is_good, bad + (not is_good)
        if bad and not good:
            raise BadInput(f"No row of {file} could be read. {'; '.join(self.problems[:3])}. Fix the file.")
        if self.unreported:
            self.problems.append(f"{file.name}: {self.unreported:,} more problems")
        self.connection.execute("create index by_post on comments (post_id)")

    def of(self, post_id: str) -> tuple[CommentRow, ...]:
        """The comments of a post, in file order."""
        rows = self.connection.execute(
            "select row from comments where post_id = ? order by position", [post_id]
        )
        return tuple(CommentRow.model_validate_json(row) for (row,) in rows)

    def _add(self, raw: RawRow, evidence: Evidence, where: str) -> bool:
        try:
            if raw.problem is not None:
                raise raw.problem
            row, errors = _row(raw, evidence)
            self._check_repeats(row, where)
        except RowError as error:
            self._report(f"{where}: {error}")
            return False
        for one in errors:
            self._report(f"{where}: {one}")
        if raw.replaced:
            self._report(f"{where}: {REPLACED}")
        self.connection.execute(
            "insert into comments (post_id, row) values (?, ?)",
            [row.post_id, row.model_dump_json(exclude={"post_id"})],
        )
        return True

    def _check_repeats(self, row: PostedCommentRow, where: str) -> None:
        if row.comment_id is None:
            return
        first = self.seen.find_conflict((row.post_id, row.comment_id), row.model_dump_json(), where)
        if first is not None:
            raise RowError(
                "comment_id",
                f"{first} also has the comment {shown(row.comment_id)}, with different contents; this row was skipped",
            )

    def _report(self, problem: str) -> None:
        self.unreported += len(self.problems) >= MAX_REPORTED
        if not self.unreported:
            self.problems.append(problem)


def _row(raw: RawRow, evidence: Evidence) -> tuple[PostedCommentRow, list[RowError]]:
    """Return a row, and the errors of values that can't be read. Raises `RowError`."""
    value = drop_missing({key: one for key, one in raw.value.items() if key != "v"})
    if error := find_rounded_id(value, evidence):
        raise error
    value, errors = read_comment_likes(value, evidence.counts["likes"])
    row, more = validate_row(PostedCommentRow, value)
    return row, [*errors, *more]
