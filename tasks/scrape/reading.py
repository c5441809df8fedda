"""The stage scrape for one source: read its pages into the spool, then store them.

Storing comes after reading, so a page that no longer fits its profile leaves the tables as they were,
and a crawl that is cut off is stored once, when it has been finished.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from tasks.errors import AccountNotFound, CrawlCrashed, LayoutChanged, Retry, SourceRefused, StageError
from tasks.scrape.pages import Page, ScrapedPost
from tasks.scrape.politeness import Politeness
from tasks.scrape.sources import Source
from tasks.scrape.spool import Spool
from tasks.scrape.visit import Visit
from warehouse.lake import Lake
from warehouse.posts import Seen, store_seen
from warehouse.runs import Ended
from warehouse.tables import AccountObservation, Observation, Post, PostPicture

logger = logging.getLogger(__name__)

STORE_POSTS = 1_000
"""Posts that are stored at once; memory holds about this many."""
TOLD_PROBLEMS = 3

CUT_SHORT = (Retry, SourceRefused, AccountNotFound)
"""Errors that leave the pages read before them good."""


def scrape_source(
    lake: Lake,
    source: Source,
    spool: Spool,
    politeness: Politeness,
    progress: Callable[[int, int], None],
    *,
    final: bool,
) -> Ended:
    """Read one source and store what it shows.

    `progress` hears the number of posts so far, and of all by the account's own count (0 when it shows none).

    Raises the errors of `tasks.errors`, with nothing stored. Only on the `final` try, when a crawl was
    cut short after some pages, these are stored and the end is `incomplete`.
    """
    cut_short = ""
    if not spool.is_ended():
        try:
            _read(source, spool, politeness, progress)
        except CUT_SHORT as error:
            if not (final and spool.last()):
                raise
            cut_short = _retold(error)
        except LayoutChanged:
            spool.remove()
            raise
    ended = _store(lake, source.name, spool)
    if cut_short:
        return Ended(
            "incomplete", ended.items, ended.failures + 1, f"Cut short: {cut_short} {ended.message}".strip()
        )
    return ended


def store_spool(lake: Lake, source_name: str, spool: Spool) -> Ended:
    """Store what an abandoned run has left in its spool, so that nothing read is lost."""
    return _store(lake, source_name, spool)


def _read(source: Source, spool: Spool, politeness: Politeness, progress: Callable[[int, int], None]) -> None:
    posts = sum(len(page.posts) for page in spool.pages())
    if posts:
        logger.info("%s: going on after the %d posts that were read before", source.name, posts)
    last: Page | None = None
    expected = next((page.head.posts or 0 for page in spool.pages() if page.head is not None), 0)
    for last in source.pages(Visit(spool, politeness)):
        spool.add(last)
        posts += len(last.posts)
        if last.head is not None:
            expected = last.head.posts or 0
        progress(posts, max(expected, posts) if expected else 0)
    if last is not None and last.next_url is not None:
        raise CrawlCrashed(f"The crawl of {source.name} ended before its last page. Run again.")
    spool.end()


def _store(lake: Lake, source_name: str, spool: Spool) -> Ended:
    posts = 0
    problems: list[str] = []
    for page in spool.pages():
        problems += page.problems
    for pages in _batches(spool.pages()):
        accounts = [row for page in pages if (row := _account_row(source_name, page)) is not None]
        posts += store_seen(
            lake, [_seen(source_name, page, post) for page in pages for post in page.posts], accounts
        )
    for problem in problems:
        logger.warning("%s: %s", source_name, problem)
    told = "; ".join(problems[:TOLD_PROBLEMS]) + ("; …" if len(problems) > TOLD_PROBLEMS else "")
    return Ended("incomplete" if problems else "done", posts, len(problems), told)


def _batches(pages: Iterable[Page]) -> Iterator[list[Page]]:
    held: list[Page] = []
    for page in pages:
        held.append(page)
        if sum(len(one.posts) for one in held) >= STORE_POSTS:
            yield held
            held = []
    if held:
        yield held


def _account_row(source: str, page: Page) -> AccountObservation | None:
    if page.head is None:
        return None
    return AccountObservation(
        source=source,
        account=page.account,
        observed_at=page.observed_at,
        followers=page.head.followers,
        following=page.head.following,
        posts=page.head.posts,
    )


def _seen(source: str, page: Page, post: ScrapedPost) -> Seen:
    return Seen(
        _post_row(source, page.account, post, page.observed_at),
        Observation(
            source=source,
            post_id=post.post_id,
            observed_at=page.observed_at,
            likes=post.likes,
            comments=post.comments,
            likes_hidden=post.likes_hidden,
        ),
        tuple(
            PostPicture(source=source, post_id=post.post_id, position=position, picture_url=url, sha256=None)
            for position, url in enumerate(post.pictures)
        ),
    )


def _post_row(source: str, account: str, post: ScrapedPost, seen_at: datetime) -> Post:
    return Post(
        source=source,
        post_id=post.post_id,
        account=account,
        url=post.url,
        kind=post.kind,
        posted_at=post.posted_at,
        caption=post.caption,
        place=post.place,
        pinned=post.pinned,
        first_seen_at=seen_at,
        last_seen_at=seen_at,
    )


def _retold(error: StageError) -> str:
    # On a later page, 'not found' is about that page, so advice about the account's name would mislead.
    return str(error).split(". Check", 1)[0] + "." if isinstance(error, AccountNotFound) else str(error)
