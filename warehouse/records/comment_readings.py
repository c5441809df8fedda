"""Comments that a reader has not read, streamed from the lake in batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from warehouse.storage.lake import Lake


@dataclass(frozen=True, slots=True)
class CommentText:
    """A stored comment: the first characters of its text, and the hash of the complete text."""

    source: str
    post_id: str
    comment_id: str
    text: str
    text_digest: str


# A source may show an edited text under the same id. The hash says so without the old text.
_UNREAD = """
    select source, post_id, comment_id, left(text, $2) as text, md5(text) as text_digest from comments
    anti join (select source, post_id, comment_id, text_digest from comment_readings where version = $1) as readings
      on comments.source = readings.source and comments.post_id = readings.post_id
     and comments.comment_id = readings.comment_id and md5(comments.text) = readings.text_digest
    where text is not null
"""


def count_comments(lake: Lake) -> int:
    """Number of stored comments."""
    return lake.count("select count(*) from comments")


def count_unread(lake: Lake, version: str) -> int:
    """Number of comments with a text that this version of the reader has not read."""
    return lake.count(f"select count(*) from ({_UNREAD})", [version, 0])


def unread_comments(lake: Lake, version: str, batch: int, characters: int) -> Iterator[list[CommentText]]:
    """These comments in batches; the tables stay at their current version meanwhile.

    Of each text the first `characters` are returned, so that a batch has a limit in memory.
    """
    for rows in lake.stream(_UNREAD, [version, characters], batch):
        yield [CommentText(*row) for row in rows]
