"""A table of comments, looked up by post: it lies in a temporary file, so memory stays flat."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.errors import BadInput
from tasks.scrape.files.documents import Unreadable, open_regular
from tasks.scrape.rows.checking import BadRow, checked
from tasks.scrape.rows.reading import TELL_PROBLEMS, Raw, Reading
from tasks.scrape.rows.schema import CommentRow, PostedCommentRow

FIELDS = tuple(PostedCommentRow.model_fields)


class Threads:
    """Comments by their post. `problems` tells the rows that were left out."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.problems: list[str] = []
        self.bad = 0
        connection.execute("create table comments (place integer primary key, post_id text, row text)")

    def fill(self, file: Path, how: Reading) -> None:
        """Take the rows of a file. Raises `BadInput` when none of them is a comment."""
        good = 0
        try:
            with open_regular(file.resolve()) as opened:
                form = how.form_of(opened)
                for raw in form.raws(opened, file):
                    good += self._take(raw, f"{file.name}, {form.word} {raw.line}")
        except Unreadable as error:
            raise BadInput(f"The file {file} {error}.") from None
        except OSError as error:
            raise BadInput(f"The file {file} can't be read ({error.strerror or error}).") from None
        if self.bad and not good:
            raise BadInput(f"No row of {file} could be read. {'; '.join(self.problems[:3])}. Mend the file.")
        if self.bad > TELL_PROBLEMS:
            self.problems.append(
                f"{file.name}: {self.bad - TELL_PROBLEMS:,} more {form.word}s could not be read"
            )
        self.connection.execute("create index by_post on comments (post_id)")

    def of(self, post_id: str) -> tuple[CommentRow, ...]:
        """The comments of a post, in the order of the file."""
        rows = self.connection.execute("select row from comments where post_id = ? order by place", [post_id])
        return tuple(CommentRow.model_validate_json(row) for (row,) in rows)

    def _take(self, raw: Raw, where: str) -> bool:
        try:
            if raw.problem is not None:
                raise raw.problem
            row = checked(PostedCommentRow, {key: one for key, one in raw.value.items() if key != "v"})
        except BadRow as error:
            self.bad += 1
            if self.bad <= TELL_PROBLEMS:
                self.problems.append(f"{where}: {error}")
            return False
        self.connection.execute(
            "insert into comments (post_id, row) values (?, ?)",
            [row.post_id, row.model_dump_json(exclude={"post_id"})],
        )
        return True


@contextmanager
def threads() -> Iterator[Threads]:
    """An empty table, which is gone with its last use."""
    # SQLite keeps a database without a name in a temporary file of its own.
    connection = sqlite3.connect("", check_same_thread=False)
    try:
        yield Threads(connection)
    finally:
        connection.close()
