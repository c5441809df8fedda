"""Read the comments that are new, edited, or were read by another version, and store what they say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from tasks.read_comments.reading import Reader
from warehouse.authors import normalise_author
from warehouse.home import Home
from warehouse.records.comment_readings import count_unread, unread_comments
from warehouse.records.runs import StageResult

BATCH = 5_000
"""Comments of a write. A batch takes seconds, and a killed run repeats at most one."""


def read_comments(home: Home, progress: Callable[[int, int], None]) -> StageResult:
    """Read all unread comments. `progress` gets done and total."""
    authors = home.authors()
    reader = Reader(
        lambda name: None if authors.is_forgotten(name) else authors.keyed(normalise_author(name))
    )
    total = count_unread(home.lake, reader.version)
    done = 0
    for comments in unread_comments(home.lake, reader.version, BATCH):
        read_at = datetime.now(UTC)
        home.lake.upsert([reader.read(comment, read_at) for comment in comments])
        done += len(comments)
        progress(done, total)
    return StageResult("done", done, version=reader.version)
