"""Read the comments that are new, edited, or were read by another version, and store what they say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from tasks.read_comments.reading import Reader
from warehouse.authors import AuthorPolicy, Authors, normalise_author
from warehouse.home import Home
from warehouse.records.comment_readings import count_unread, unread_comments
from warehouse.records.runs import StageResult

BATCH = 5_000
"""Comments of a write. A batch takes seconds, and a killed run repeats at most one."""


def read_comments(home: Home, authors: AuthorPolicy, progress: Callable[[int, int], None]) -> StageResult:
    """Read all unread comments. `progress` gets done and total; `authors` says how accounts are stored.

    The libraries are imported with the first comment, so that a run without a new one costs one query.
    """
    reader = Reader(_hash_with(home.authors(authors)))
    total = count_unread(home.lake, reader.version)
    done = 0
    if not total:
        return StageResult("done", 0, version=reader.version)
    for comments in unread_comments(home.lake, reader.version, BATCH):
        read_at = datetime.now(UTC)
        home.lake.upsert([reader.read(comment, read_at) for comment in comments])
        done += len(comments)
        progress(done, total)
    return StageResult("done", done, version=reader.version)


def _hash_with(authors: Authors) -> Callable[[str], str | None]:
    """The hash of a mentioned account: none where authors are dropped, and none for a forgotten one."""

    def hash_name(name: str) -> str | None:
        if authors.keeping == "dropped" or authors.is_forgotten(name):
            return None
        return authors.keyed(normalise_author(name))

    return hash_name
