"""From the spool into the lake: checked first, then stored batch by batch."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain

from tasks.scrape.contract import Counts, check, count_pages
from tasks.scrape.coverage import Coverage
from tasks.scrape.gap_report import GapReport
from tasks.scrape.pages import Page, ScrapedPost
from tasks.scrape.spool import Spool
from warehouse.lake import Lake
from warehouse.posts import ScrapedRows, store_seen
from warehouse.runs import StageResult
from warehouse.stored_posts import mark_gone
from warehouse.tables import AccountObservation, Comment, Observation, Post, PostPicture, Thread

logger = logging.getLogger(__name__)

STORE_POSTS = 4_000
"""Posts that are stored at once; memory holds about this many."""
TOLD_PROBLEMS = 3


def store_spool(
    lake: Lake, source: str, spool: Spool, *, may_lack: Sequence[str] = (), shows_all: bool = False
) -> StageResult:
    """Check and store what a reading of a source has left in its spool.

    With `shows_all` known posts that it must have shown, and did not, are marked as gone. Raises
    `SourceChanged` with nothing stored.
    """
    counts = count_pages(lake, source, _batches(spool.pages()))
    extent = _extent(spool, counts)
    check(lake, source, counts, may_lack)
    posts = 0
    gaps = GapReport(source)
    for pages in _batches(spool.pages()):
        accounts = [row for page in pages if (row := _account_row(source, page)) is not None]
        seen = [_seen(source, page, post) for page in pages for post in page.posts]
        posts += store_seen(lake, seen, accounts)
        for page in pages:
            gaps.add(lake, page)
    if shows_all and (gone := _mark_gone(lake, source, extent)):
        logger.info("%s: %d known posts are no longer shown", source, gone)
    known, missing = gaps.summary(lake, posts), gaps.problems
    told = _told(source, spool, missing, counts.problems + len(missing))
    return StageResult(
        "incomplete" if told else "done",
        posts,
        counts.problems + len(missing),
        f"{told}{'. ' if told and known else ''}{known}",
        counts=counts.as_json(),
    )


def _extent(spool: Spool, counts: Counts) -> Coverage:
    extent, last = Coverage(), None
    for last in spool.pages():
        extent.add(last)
    if last is not None:
        extent.whole = extent.whole and last.next_url is None
        counts.to_end = last.next_url is None and not last.more
        counts.resume_at = last.next_url
    return extent


def _mark_gone(lake: Lake, source: str, extent: Coverage) -> int:
    if extent.began is None or not extent.tells_gone:
        return 0
    began, newer_than = extent.began, extent.newer_than
    return sum(mark_gone(lake, source, account, began, newer_than) for account in extent.accounts)


def _told(name: str, spool: Spool, missing: Sequence[str], problems: int) -> str:
    """The first problems in words; each of them is a warning in the log."""
    told: list[str] = []
    for problem in chain((problem for page in spool.pages() for problem in page.problems), missing):
        logger.warning("%s: %s", name, problem)
        if len(told) < TOLD_PROBLEMS:
            told.append(problem)
    return "; ".join(told) + ("; …" if problems > TOLD_PROBLEMS else "")


def _batches(pages: Iterable[Page]) -> Iterator[list[Page]]:
    held: list[Page] = []
    posts = 0
    for page in pages:
        held.append(page)
        posts += len(page.posts)
        if posts >= STORE_POSTS:
            yield held
            held, posts = [], 0
    if held:
        yield held


def _account_row(source: str, page: Page) -> AccountObservation | None:
    head = page.head
    if head is None or (head.followers is None and head.following is None and head.posts is None):
        return None
    return AccountObservation(
        source=source,
        account=page.account,
        observed_at=page.observed_at,
        followers=head.followers,
        following=head.following,
        posts=head.posts,
        rounded=head.rounded,
    )


def _seen(source: str, page: Page, post: ScrapedPost) -> ScrapedRows:
    pictures = (
        PostPicture(source=source, post_id=post.post_id, position=position, picture_url=url, sha256=None)
        for position, url in enumerate(post.pictures)
    )
    thread = Thread(source=source, post_id=post.post_id, read_at=_seen_at(page, post), comments=post.comments)
    return ScrapedRows(
        _post_row(source, page, post),
        _observation_row(source, page, post),
        tuple(pictures),
        tuple(_comment_rows(source, post)),
        thread if post.detailed else None,
        partial=post.partial,
        unread=(*post.unread, *(("caption", "place") if post.sparse else ())),
        likes_least=post.likes_least,
        comments_least=post.comments_least,
    )


def _post_row(source: str, page: Page, post: ScrapedPost) -> Post:
    return Post(
        source=source,
        post_id=post.post_id,
        account=page.account,
        url=post.url,
        kind=post.kind,
        posted_at=post.posted_at,
        caption=post.caption,
        place=post.place,
        pinned=post.pinned,
        first_seen_at=_seen_at(page, post),
        last_seen_at=_seen_at(page, post),
    )


def _seen_at(page: Page, post: ScrapedPost) -> datetime:
    """When the source showed the post; a file may list a post today whose counts are older."""
    return max(page.observed_at, post.observed_at or page.observed_at)


def _observation_row(source: str, page: Page, post: ScrapedPost) -> Observation:
    return Observation(
        source=source,
        post_id=post.post_id,
        observed_at=post.observed_at or page.observed_at,
        likes=post.likes,
        comments=post.comments,
        likes_hidden=post.likes_hidden,
        likes_rounded=post.likes_rounded,
        comments_rounded=post.comments_rounded,
    )


def _comment_rows(source: str, post: ScrapedPost) -> Iterator[Comment]:
    for comment in post.thread:
        assert comment.comment_id is not None, "the spool has comments with ids only"
        yield Comment(
            source=source,
            post_id=post.post_id,
            comment_id=comment.comment_id,
            parent_id=comment.parent_id,
            author=comment.author,
            text=comment.text,
            posted_at=comment.posted_at,
            likes=comment.likes,
        )
