"""A table of comments, looked up by post: it lies in a temporary file, so memory stays flat."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.errors import BadInput
from tasks.scrape.files.documents import Unreadable, open_regular
from tasks.scrape.files.repeats import Repeats
from tasks.scrape.files.values import shown
from tasks.scrape.rows.cells import check_ids, with_comment_counts, without_nothing
from tasks.scrape.rows.checking import BadRow, checked
from tasks.scrape.rows.evidence import Evidence
from tasks.scrape.rows.reading import REPLACED, TELL_PROBLEMS, Raw, Reading, look_over
from tasks.scrape.rows.schema import CommentRow, PostedCommentRow

FIELDS = tuple(PostedCommentRow.model_fields)


class Threads:
    """Comments by their post. `problems` tells the rows that were left out."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.problems: list[str] = []
        self.untold = 0
        self.met = Repeats(connection)
        connection.execute("create table comments (place integer primary key, post_id text, row text)")

    def fill(self, file: Path, how: Reading) -> None:
        """Take the rows of a file. Raises `BadInput` when none of them is a comment."""
        good = bad = 0
        try:
            with open_regular(file.resolve()) as opened:
                form = how.form_of(opened)
                evidence = look_over(form, opened, file)
                for raw in form.raws(opened, file):
                    is_good = self._take(raw, evidence, f"{file.name}, {form.word} {raw.line}")
                    good, bad = good + is_good, bad + (not is_good)
        except Unreadable as error:
            raise BadInput(f"The file {file} {error}.") from None
        except OSError as error:
            raise BadInput(f"The file {file} can't be read ({error.strerror or error}).") from None
        if bad and not good:
            raise BadInput(f"No row of {file} could be read. {'; '.join(self.problems[:3])}. Mend the file.")
        if self.untold:
            self.problems.append(f"{file.name}: {self.untold:,} more problems of this kind")
        self.connection.execute("create index by_post on comments (post_id)")

    def of(self, post_id: str) -> tuple[CommentRow, ...]:
        """The comments of a post, in the order of the file."""
        rows = self.connection.execute("select row from comments where post_id = ? order by place", [post_id])
        return tuple(CommentRow.model_validate_json(row) for (row,) in rows)

    def _take(self, raw: Raw, evidence: Evidence, where: str) -> bool:
        try:
            if raw.problem is not None:
                raise raw.problem
            row, lost = _row(raw, evidence)
            self._check_repeats(row, where)
        except BadRow as error:
            self._tell(f"{where}: {error}")
            return False
        for one in lost:
            self._tell(f"{where}: {one}")
        if raw.mended:
            self._tell(f"{where}: {REPLACED}")
        self.connection.execute(
            "insert into comments (post_id, row) values (?, ?)",
            [row.post_id, row.model_dump_json(exclude={"post_id"})],
        )
        return True

    def _check_repeats(self, row: PostedCommentRow, where: str) -> None:
        if row.comment_id is None:
            return
        first = self.met.contradicted((row.post_id, row.comment_id), row.model_dump_json(), where)
        if first is not None:
            raise BadRow(
                "comment_id",
                f"{first} has the comment {shown(row.comment_id)} too, with other contents; this row was left out",
            )

    def _tell(self, problem: str) -> None:
        self.untold += len(self.problems) >= TELL_PROBLEMS
        if not self.untold:
            self.problems.append(problem)


def _row(raw: Raw, evidence: Evidence) -> tuple[PostedCommentRow, list[BadRow]]:
    """A row, and what of it could not be read. Raises `BadRow`."""
    value = without_nothing({key: one for key, one in raw.value.items() if key != "v"})
    check_ids(value, evidence)
    value, lost = with_comment_counts(value, evidence.counts["likes"])
    row, more = checked(PostedCommentRow, value)
    return row, [*lost, *more]


@contextmanager
def threads() -> Iterator[Threads]:
    """An empty table, which is gone with its last use."""
    # SQLite keeps a database without a name in a temporary file of its own.
    connection = sqlite3.connect("", check_same_thread=False)
    try:
        yield Threads(connection)
    finally:
        connection.close()
