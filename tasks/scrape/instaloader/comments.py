"""A post's comments and their answers, from `STEM_comments.json`.

A list of `{id, created_at, text, owner, likes_count, answers}`, answers in the same form (Instaloader 4.15.1,
`update_comments`); files of version 3 have no answers and no likes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tasks.scrape.files.values import Fields, at, items, shown, text_of
from tasks.scrape.pages import ScrapedComment

DEEPEST = 10
"""Answers to answers to …; Instagram has one level."""


def comments_of(value: Any, fields: Fields) -> tuple[ScrapedComment, ...]:
    """The comments; what can't be read of one is None, and a problem in `fields`."""
    if not isinstance(value, list):
        fields.lost("thread", "is no list of comments")
        return ()
    first: dict[str, ScrapedComment] = {}
    kept = []
    for comment in _read(value, None, fields, DEEPEST):
        if comment.comment_id is not None and first.setdefault(comment.comment_id, comment) != comment:
            fields.lost(
                "thread",
                f"{shown(comment.comment_id)} is the id of another comment too; this one was left out",
            )
        else:
            kept.append(comment)
    return tuple(kept)


def _read(value: Any, parent: str | None, fields: Fields, deepest: int) -> Iterator[ScrapedComment]:
    for one in items(value):
        if not isinstance(one, dict):
            fields.lost("thread", "a comment is no object; it was left out")
            continue
        comment_id = _id(at(one, "id"))
        yield ScrapedComment(
            comment_id=comment_id,
            author=text_of(at(one, "owner", "username")),
            text=text_of(at(one, "text")),
            parent_id=parent,
            posted_at=fields.time("thread", [at(one, "created_at"), at(one, "created_at_utc")]),
            likes=fields.count("thread", [at(one, "likes_count")]),
        )
        if deepest:
            yield from _read(at(one, "answers"), comment_id, fields, deepest - 1)


def _id(value: Any) -> str | None:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text_of(value)
