"""Comments on a post's own page, with who answers whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from tasks.errors import LayoutChanged
from tasks.scrape.gallery.extract import number
from tasks.scrape.gallery.fields import FieldReader, as_name
from tasks.scrape.gallery.messages import misfit
from tasks.scrape.gallery.selector_types import Part
from tasks.scrape.pages import ScrapedComment

DEEPEST = 50
"""Replies to replies that are followed; no site shows so many."""


@dataclass(slots=True)
class _Block:
    """A comment's own part, and the number of the block that it answers."""

    part: Part
    answers: int | None = None


def read_thread(reader: FieldReader, page: Part, post_id: str) -> list[ScrapedComment]:
    """The comments on the page in their order.

    One that has neither author nor text is left out, and a problem says so. Raises `LayoutChanged` where
    the places can't be looked for at all.
    """
    places = reader.profile.comments
    assert places is not None
    blocks = _blocks(reader, page)
    ids = [reader.read("comments.id", places.id, block.part, as_name) for block in blocks]
    comments = []
    for block, comment_id in zip(blocks, ids, strict=True):
        answered = None if block.answers is None else ids[block.answers]
        comment = _comment(reader, block.part, comment_id, answered)
        if comment.author is None and comment.text is None:
            reader.tell(f"post {post_id}: a comment without author and text was left out")
        else:
            comments.append(comment)
    return comments


def comment_parts(reader: FieldReader, page: Part) -> list[Part]:
    """Each comment's own part of the page, out of which those that answer it are taken."""
    return [block.part for block in _blocks(reader, page)]


def _blocks(reader: FieldReader, page: Part) -> list[_Block]:
    places = reader.profile.comments
    assert places is not None
    try:
        found = places.comment.find(page)
        return list(_of_json(reader, found)) if places.comment.in_json else _of_elements(found)
    except ValueError as error:
        what = f"nothing: {error}"
        raise LayoutChanged(
            misfit(reader.profile, reader.url, "comments.comment", places.comment, what)
        ) from error


def _comment(reader: FieldReader, part: Part, comment_id: str | None, answered: str | None) -> ScrapedComment:
    places = reader.profile.comments
    assert places is not None
    parent_id = reader.read("comments.parent", places.parent, part, as_name) or answered
    return ScrapedComment(
        comment_id=comment_id,
        author=reader.read("comments.author", places.author, part, as_name),
        text=reader.text("comments.text", places.text, part),
        parent_id=None if parent_id == comment_id else parent_id,
        posted_at=reader.read("comments.posted_at", places.posted_at, part, reader.read_date),
        likes=number(reader.count("comments.likes", places.likes, part)),
    )


def _of_elements(found: list[etree._Element]) -> list[_Block]:
    """Blocks of elements; one inside another answers it, and is taken out of it so that none reads the other's."""
    elements = [one for one in found if not isinstance(one, str | float)]
    numbers = {element: number for number, element in enumerate(elements)}
    blocks = []
    for element in elements:
        around = (numbers[outer] for outer in element.iterancestors() if outer in numbers)
        blocks.append(_Block(Part(element), next(around, None)))
    for block in blocks:
        if block.answers is not None:
            _take_out(block.part.element)
    return blocks


def _take_out(element: etree._Element) -> None:
    """Take an element out of its parent, with all that is in it; what follows it stays."""
    parent = element.getparent()
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
        element.tail = None
    parent.remove(element)


def _of_json(reader: FieldReader, found: list[object]) -> Iterator[_Block]:
    """Blocks of JSON objects, each followed by its replies."""
    places = reader.profile.comments
    assert places is not None
    number = 0
    waiting: list[tuple[object, int | None, int]] = [(one, None, 0) for one in reversed(found)]
    while waiting:
        one, answers, depth = waiting.pop()
        part = Part(None, one)
        yield _Block(part, answers)
        if places.replies is not None and depth < DEEPEST:
            replies = places.replies.find(part)
            waiting += [(reply, number, depth + 1) for reply in reversed(replies)]
        number += 1
