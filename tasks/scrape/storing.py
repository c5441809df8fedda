"""From the spool into the lake: check all pages first, then store them batch by batch."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from tasks.scrape.contract import check, count_pages
from tasks.scrape.coverage import Coverage
from tasks.scrape.gap_report import GapReport
from tasks.scrape.pages import Page, ScrapedPost
from tasks.scrape.spool import Spool
from warehouse.records.posts import ScrapedRows, store_scraped
from warehouse.records.runs import StageResult
from warehouse.records.stored_posts import mark_gone, refresh_last_seen
from warehouse.schema.tables import AccountObservation, Comment, Observation, Post, PostPicture, Thread
from warehouse.storage.lake import Lake

logger = logging.getLogger(__name__)

STORE_POSTS = 4_000
"""Posts that are stored at once; memory holds about this many."""
MAX_SHOWN_PROBLEMS = 3


def store_spool(
    lake: Lake, source: str, spool: Spool, *, may_lack: Sequence[str] = (), shows_all: bool = False
) -> StageResult:
    """Check and store the pages of a source's spool: one pass to check, one to store.

    With `shows_all`, known posts that the reading covers and did not show are marked as gone. Raises
    `SourceChanged` with nothing stored.
    """
    counts = count_pages(lake, source, _batches(spool.pages()))
    check(lake, source, counts, may_lack)
    gaps, problems, posts = GapReport(source), ProblemLog(source), 0
    times: set[datetime] = set()
    for pages in _batches(spool.pages()):
        accounts = [row for page in pages if (row := _account_row(source, page)) is not None]
        seen = [_rows(source, page, post) for page in pages for post in page.posts]
        posts += store_scraped(lake, seen, accounts)
        times.update(one.observation.observed_at for one in seen)
        for page in pages:
            gaps.add(lake, page)
            problems.add(page.problems)
    if times:
        refresh_last_seen(lake, source, min(times))
    if shows_all and (gone := _mark_gone(lake, source, counts.coverage)):
        logger.info("%s: %d known posts are no longer shown", source, gone)
    known = gaps.summary(lake, posts)
    problems.add(gaps.problems)
    message = ". ".join(part for part in (problems.summary(), known) if part)
    status = "incomplete" if problems.count else "done"
    return StageResult(status, posts, problems.count, message, counts=counts.as_json())


@dataclass(slots=True)
class ProblemLog:
    """Logs each problem of a source as a warning, and keeps the first ones for the run's summary."""

    source: str
    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, problems: Iterable[str]) -> None:
        """Log problems."""
        for problem in problems:
            logger.warning("%s: %s", self.source, problem)
            self.count += 1
            if self.count <= MAX_SHOWN_PROBLEMS:
                self.first.append(problem)

    def summary(self) -> str:
        """The first problems."""
        return "; ".join(self.first) + ("; …" if self.count > MAX_SHOWN_PROBLEMS else "")


def _mark_gone(lake: Lake, source: str, coverage: Coverage) -> int:
    if coverage.began is None or not coverage.finds_gone:
        return 0
    began, newer_than = coverage.began, coverage.newer_than
    return sum(mark_gone(lake, source, account, began, newer_than) for account in coverage.accounts)


def _batches(pages: Iterable[Page]) -> Iterator[list[Page]]:
    batch: list[Page] = []
    posts = 0
    for page in pages:
        batch.append(page)
        posts += len(page.posts)
        if posts >= STORE_POSTS:
            yield batch
            batch, posts = [], 0
    if batch:
        yield batch


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


def _rows(source: str, page: Page, post: ScrapedPost) -> ScrapedRows:
    pictures = (
        PostPicture(source=source, post_id=post.post_id, position=position, picture_url=url, sha256=None)
        for position, url in enumerate(post.pictures)
    )
    thread = Thread(source=source, post_id=post.post_id, read_at=_seen_at(page, post), comments=post.comments)
    return ScrapedRows(
        _post_row(source, page, post),
        _observation_row(source, page, post),
        tuple(pictures),
        tuple(Comment(source=source, post_id=post.post_id, **asdict(comment)) for comment in post.thread),
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
    """When the source showed the post; a file of today may list a post with older counts."""
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
        shares=post.shares,
        shares_rounded=None if post.shares is None else post.shares_rounded,
    )
