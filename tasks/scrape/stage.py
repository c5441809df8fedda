"""The stage scrape for one source: read its pages into the spool, then check and store them.

Pages are stored after the reading. A page that no longer fits, or a source that has changed, leaves the tables
as they were, and a crawl that is resumed is stored once, when it is complete.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from tasks.errors import AccountNotFound, CrawlCrashed, LayoutChanged, OutOfTime, Retry, SourceRefused
from tasks.scrape.contract import past_runs
from tasks.scrape.model import Source
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.pages import Page
from tasks.scrape.pseudonyms import without_names
from tasks.scrape.read_context import ReadContext
from tasks.scrape.spool import Spool
from tasks.scrape.stop_policy import StopPolicy
from tasks.scrape.storing import store_spool
from warehouse.home import Home
from warehouse.records.runs import StageResult

logger = logging.getLogger(__name__)

CUT_SHORT = (Retry, SourceRefused, AccountNotFound, OutOfTime)
"""Errors after which the pages read before them are still good."""
Progress = Callable[[int, int], None]
"""Called with the number of posts so far, and the account's own number of posts (0 when it shows none)."""


@dataclass(frozen=True, slots=True)
class ScrapeJob:
    """One source to read in one run. `final`: this run does not retry it after this."""

    home: Home
    source: Source
    spool: Spool
    options: ScrapeOptions = field(default_factory=ScrapeOptions)
    secret: str | None = field(default=None, repr=False)
    final: bool = True


def scrape_source(job: ScrapeJob, progress: Progress) -> StageResult:
    """Read one source and store what it shows.

    Raises the errors of `tasks.errors`, with nothing stored. When a crawl is cut short after some pages and the
    run does not retry it, these pages are stored and the result is `incomplete`.
    """
    cut_short = ""
    if not job.spool.is_ended():
        try:
            _read(job, progress)
        except CUT_SHORT as error:
            will_retry = isinstance(error, Retry) and not job.final
            if will_retry or job.spool.last() is None:
                raise
            cut_short = error.cause
        except LayoutChanged:
            job.spool.remove()
            raise
    source = job.source
    result = store_spool(
        job.home.lake, source.name, job.spool, may_lack=source.may_lack, shows_all=source.shows_all
    )
    if not cut_short:
        return result
    message = f"Cut short: {cut_short} {result.message}".strip()
    return StageResult("incomplete", result.items, result.failures + 1, message, counts=result.counts)


def _read(job: ScrapeJob, progress: Progress) -> None:
    source, spool = job.source, job.spool
    posts = expected = 0
    last: Page | None = None
    for page in spool.pages():
        posts += len(page.posts)
        expected = _expected_posts(page, expected)
    if posts:
        logger.info("%s: resuming after the %d posts that were read before", source.name, posts)
    authors = job.home.authors(job.options.comment_authors)
    for page in source.pages(_read_context(job)):
        last = without_names(page, authors)
        spool.add(last)
        posts += len(last.posts)
        expected = _expected_posts(last, expected)
        progress(posts, max(expected, posts) if expected else 0)
    if last is not None and last.next_url is not None:
        raise CrawlCrashed(f"The crawl of {source.name} ended before its last page. Run again.")
    spool.end()


def _expected_posts(page: Page, before: int) -> int:
    return before if page.head is None else page.head.posts or 0


def _read_context(job: ScrapeJob) -> ReadContext:
    lake, options, now = job.home.lake, job.options, datetime.now(UTC)
    past = past_runs(lake, job.source.name)
    # One hour early, because a weekly run does not start at the same minute.
    due = not past.to_end_since(now - timedelta(days=options.full_days, hours=-1))
    policy = StopPolicy(
        lake,
        job.source.name,
        now,
        options.refresh_days,
        full=options.full or due,
        resume_at=None if options.full else past.resume_at,
        first=job.spool.last() is None,
    )
    limits, host = job.home.limits, job.source.host
    return ReadContext(
        job.spool,
        options.politeness,
        policy,
        options.comments,
        job.secret,
        no_request_before=limits.until(host, job.secret),
        note_limit=partial(limits.note, host, job.secret),
    )
