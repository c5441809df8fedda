"""A post's comments and their replies, from `STEM_comments.json`.

A list of `{id, created_at, text, owner, likes_count, answers}`, with replies in the same form (Instaloader 4.15.1,
`update_comments`); files of version 3 have no replies and no likes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tasks.scrape.pages import ScrapedComment
from tasks.scrape.values.fields import Fields
from tasks.scrape.values.json_text import at, items
from tasks.scrape.values.text import identifier, shown, text_of

MAX_DEPTH = 10
"""Levels of replies that are read; Instagram has one."""


def comments_of(value: Any, fields: Fields) -> tuple[ScrapedComment, ...]:
    """Read the comments; a value that can't be read is None, and a problem in `fields`."""
    if not isinstance(value, list):
        fields.add("thread", "is not a list of comments")
        return ()
    first: dict[str, ScrapedComment] = {}
    comments = []
    for comment in _read(value, None, fields, MAX_DEPTH):
        if comment.comment_id is not None and first.setdefault(comment.comment_id, comment) != comment:
            fields.add(
                "thread",
                f"{shown(comment.comment_id)} is also the id of another comment; this one was skipped",
            )
        else:
            comments.append(comment)
    return tuple(comments)


def _read(value: Any, parent: str | None, fields: Fields, depth: int) -> Iterator[ScrapedComment]:
    for one in items(value):
        if not isinstance(one, dict):
            fields.add("thread", "a comment is not an object; it was skipped")
            continue
        comment_id = identifier(at(one, "id"))
        yield ScrapedComment(
            comment_id=comment_id,
            author=text_of(at(one, "owner", "username")),
            text=text_of(at(one, "text")),
            parent_id=parent,
            posted_at=fields.time("thread", [at(one, "created_at"), at(one, "created_at_utc")]),
            likes=fields.count("thread", [at(one, "likes_count")]),
        )
        if depth:
            yield from _read(at(one, "answers"), comment_id, fields, depth - 1)
