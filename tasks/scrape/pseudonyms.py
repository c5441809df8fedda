"""Comments without their authors' names, before anything of them reaches a disk."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from tasks.scrape.pages import Page, ScrapedComment, ScrapedPost
from warehouse.authors import Authors


def without_names(page: Page, authors: Authors) -> Page:
    """The page with authors as they are stored, an id for every comment, and no comment of a forgotten author."""
    return replace(page, posts=tuple(_with_thread(post, authors) for post in page.posts))


def _with_thread(post: ScrapedPost, authors: Authors) -> ScrapedPost:
    if not post.thread:
        return post
    same: Counter[str] = Counter()
    comments = []
    for comment in post.thread:
        comment_id = comment.comment_id or _made_id(post, comment, same, authors)
        if not authors.is_forgotten(comment.author):
            comments.append(replace(comment, comment_id=comment_id, author=authors.stored(comment.author)))
    return replace(post, thread=tuple(comments))


def _made_id(post: ScrapedPost, comment: ScrapedComment, same: Counter[str], authors: Authors) -> str:
    """An id for a comment whose source has none: the same in every run, and a keyed hash."""
    text = "\0".join((post.post_id, comment.author or "", comment.text or "", str(comment.posted_at or "")))
    same[text] += 1
    return authors.keyed(f"{text}\0{same[text]}")
