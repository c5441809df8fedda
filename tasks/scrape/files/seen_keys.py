"""Rows of one source with the same key: harmless where their contents are equal, a conflict where they differ.

A digest of each row lies in a temporary file, so memory use is constant.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from hashlib import blake2b
from typing import TypeVar

Table = TypeVar("Table")
_DIGEST_BYTES = 16


class SeenKeys:
    """The keys that were read from a source, each with a digest of its first contents."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        connection.execute(
            "create table seen (key blob primary key, content blob not null, location text not null) without rowid"
        )

    def find_conflict(self, key: tuple[str, ...], content: str, location: str) -> str | None:
        """The location of the first row with this key, if that row had other contents; otherwise None."""
        key_digest, digest = _digest("\0".join(key)), _digest(content)
        first = self.connection.execute(
            "select content, location from seen where key = ?", [key_digest]
        ).fetchone()
        if first is None:
            self.connection.execute("insert into seen values (?, ?, ?)", [key_digest, digest, location])
            return None
        return None if first[0] == digest else str(first[1])


@contextmanager
def open_temporary(table: Callable[[sqlite3.Connection], Table]) -> Iterator[Table]:
    """Open an empty table, as `SeenKeys`, in a temporary file, which is deleted when it is closed."""
    # SQLite stores a database without a name in a temporary file.
    with closing(sqlite3.connect("", check_same_thread=False)) as connection:
        yield table(connection)


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()
