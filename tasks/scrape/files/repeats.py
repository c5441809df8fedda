"""Rows of one source that have the same key: harmless where they say the same, a contradiction where they do not.

Memory does not grow with the rows: a digest of each lies in a temporary file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

_DIGEST_BYTES = 16


class Repeats:
    """The keys that a reading of a source has met, each with a digest of what was said first."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        connection.execute(
            "create table met (key blob primary key, content blob not null, place text not null) without rowid"
        )

    def contradicted(self, key: tuple[str, ...], content: str, place: str) -> str | None:
        """The place of the first row with this key, where that row had other contents; else None."""
        named, said = _digest("\0".join(key)), _digest(content)
        found = self.connection.execute("select content, place from met where key = ?", [named]).fetchone()
        if found is None:
            self.connection.execute("insert into met values (?, ?, ?)", [named, said, place])
            return None
        return None if found[0] == said else str(found[1])


@contextmanager
def repeats() -> Iterator[Repeats]:
    """An empty table, which is gone with its last use."""
    # SQLite keeps a database without a name in a temporary file of its own.
    connection = sqlite3.connect("", check_same_thread=False)
    try:
        yield Repeats(connection)
    finally:
        connection.close()


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()
