"""The view of what the comments of each post say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.published import published
from warehouse.schema.comment_tables import CommentReading
from warehouse.schema.tables import Comment, Post

pytestmark = pytest.mark.slow


def test_spam_has_no_tone_and_old_versions_do_not_count(
    home: Home, post_row: Callable[..., Post], reading_row: Callable[..., CommentReading], evening: datetime
) -> None:
    """Of four comments of a post, one is spam and one has no tone; what an older reader read of them is left out."""
    home.lake.append([post_row("a"), post_row("b")])
    home.lake.append([_comment("a", str(number)) for number in range(4)] + [_comment("b", "b0")])
    later = evening + timedelta(days=1)
    home.lake.append(
        [
            reading_row("a", "0", tone=0.8, question=True, read_at=later, version="new"),
            reading_row("a", "1", tone=-0.4, read_at=later, version="new"),
            reading_row("a", "2", tone=None, tone_by=None, read_at=later, version="new"),
            reading_row("a", "3", tone=1.0, spam=True, question=True, read_at=later, version="new"),
            reading_row("b", "b0", tone=None, tone_by=None, read_at=later, version="new"),
            reading_row("a", "0", tone=-1.0, version="old"),
        ]
    )
    publish(home)
    with published(home) as database:
        rows = database.execute(
            """select post_id, comments, spam, questions, with_tone, positive, negative, tone
               from post_comment_readings order by post_id"""
        ).fetchall()
    assert rows == [("a", 4, 1, 1, 2, 1, 1, pytest.approx(0.2)), ("b", 1, 0, 0, 0, 0, 0, None)]


def _comment(post_id: str, comment_id: str) -> Comment:
    return Comment(
        source="demo", post_id=post_id, comment_id=comment_id, parent_id=None, author=None, text="a text",
        posted_at=None, likes=None,
    )  # fmt: skip
