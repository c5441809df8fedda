"""Read the comments on a post page, and the parent of each reply."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from tasks.scrape.gallery.fields import FieldReader
from tasks.scrape.gallery.profile import CommentSelectors
from tasks.scrape.gallery.selector_types import Part
from tasks.scrape.pages import ScrapedComment
from tasks.scrape.values.markup import without_control_characters

MAX_DEPTH = 50
"""Levels of replies that are read; no site shows so many."""


@dataclass(slots=True)
class _Block:
    """A comment's part of the page, and the index of the block to which it replies."""

    part: Part
    parent: int | None = None


def read_thread(reader: FieldReader, page: Part, post_id: str) -> list[ScrapedComment]:
    """Read the comments on the page, in their order.

    A comment with neither author nor text is skipped and reported. Raises `LayoutChanged` if the search for
    comments fails.
    """
    blocks = _find_blocks(reader, page)
    ids = [reader.name("comments.id", block.part) for block in blocks]
    comments = []
    for block, comment_id in zip(blocks, ids, strict=True):
        comment = _read_comment(
            reader, block.part, comment_id, None if block.parent is None else ids[block.parent]
        )
        if comment.author is None and comment.text is None:
            reader.report(f"post {post_id}: skipped a comment without author and text")
        else:
            comments.append(comment)
    return comments


def comment_parts(reader: FieldReader, page: Part) -> list[Part]:
    """Return each comment's part of the page, without its replies."""
    return [block.part for block in _find_blocks(reader, page)]


def _find_blocks(reader: FieldReader, page: Part) -> list[_Block]:
    selectors = reader.profile.comments
    assert selectors is not None
    try:
        found = selectors.comment.find(page)
        return list(_json_blocks(selectors, found)) if selectors.comment.in_json else _element_blocks(found)
    except ValueError as error:
        raise reader.profile.layout_changed(reader.url, "comments.comment", f"nothing: {error}") from error


def _read_comment(
    reader: FieldReader, part: Part, comment_id: str | None, replied_to: str | None
) -> ScrapedComment:
    parent_id = reader.name("comments.parent", part) or replied_to
    return ScrapedComment(
        comment_id=comment_id,
        author=reader.name("comments.author", part),
        text=reader.text("comments.text", part),
        parent_id=None if parent_id == comment_id else parent_id,
        posted_at=reader.date("comments.posted_at", part),
        likes=getattr(reader.count("comments.likes", part), "value", None),
    )


def _element_blocks(found: list[etree._Element]) -> list[_Block]:
    """Blocks of elements. A nested one replies to the outer one, and is removed from it, so that each is read alone."""
    elements = [one for one in found if not isinstance(one, str | float)]
    numbers = {element: number for number, element in enumerate(elements)}
    blocks = []
    for element in elements:
        outer = (numbers[ancestor] for ancestor in element.iterancestors() if ancestor in numbers)
        blocks.append(_Block(Part(element), next(outer, None)))
    for block in blocks:
        if block.parent is not None:
            _detach(block.part.element)
    return blocks


def _detach(element: etree._Element) -> None:
    """Remove an element and its descendants from its parent; the text after it stays."""
    parent = element.getparent()
    if element.tail:
        before = element.getprevious()
        if before is None:
            parent.text = without_control_characters((parent.text or "") + element.tail)
        else:
            before.tail = without_control_characters((before.tail or "") + element.tail)
        element.tail = None
    parent.remove(element)


def _json_blocks(selectors: CommentSelectors, found: list[object]) -> Iterator[_Block]:
    """Blocks of JSON objects, each followed by its replies."""
    number = 0
    pending: list[tuple[object, int | None, int]] = [(one, None, 0) for one in reversed(found)]
    while pending:
        one, parent, depth = pending.pop()
        part = Part(None, one)
        yield _Block(part, parent)
        if selectors.replies is not None and depth < MAX_DEPTH:
            replies = selectors.replies.find(part)
            pending += [(reply, number, depth + 1) for reply in reversed(replies)]
        number += 1
