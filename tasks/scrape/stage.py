"""The stage scrape for one source: read its pages into the spool, then check and store them.

Storing comes after reading, so a page that no longer fits, or a source that has changed, leaves the tables
as they were, and a crawl that is cut off is stored once, when it has been finished.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from tasks.errors import (
    AccountNotFound,
    CrawlCrashed,
    LayoutChanged,
    OutOfTime,
    Retry,
    SourceRefused,
    StageError,
)
from tasks.scrape.contract import past
from tasks.scrape.model import Source
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.pages import Page
from tasks.scrape.pseudonyms import without_names
from tasks.scrape.read_context import ReadContext
from tasks.scrape.spool import Spool
from tasks.scrape.stop_policy import StopPolicy
from tasks.scrape.storing import store_spool
from warehouse.home import Home
from warehouse.runs import StageResult

logger = logging.getLogger(__name__)

CUT_SHORT = (Retry, SourceRefused, AccountNotFound, OutOfTime)
"""Errors that leave the pages read before them good."""
Progress = Callable[[int, int], None]
"""Hears the number of posts so far, and of all by the account's own count (0 when it shows none)."""


@dataclass(frozen=True, slots=True)
class ScrapeJob:
    """One source to be read in one run. `final`: no other try follows in this run."""

    home: Home
    source: Source
    spool: Spool
    options: ScrapeOptions = field(default_factory=ScrapeOptions)
    secret: str | None = field(default=None, repr=False)
    final: bool = True


def scrape_source(reading: ScrapeJob, progress: Progress) -> StageResult:
    """Read one source and store what it shows.

    Raises the errors of `tasks.errors`, with nothing stored. Only where no other try follows, when a crawl
    was cut short after some pages, these are stored and the end is `incomplete`.
    """
    cut_short = ""
    if not reading.spool.is_ended():
        try:
            _read(reading, progress)
        except CUT_SHORT as error:
            tried_again = isinstance(error, Retry) and not reading.final
            if tried_again or reading.spool.last() is None:
                raise
            cut_short = _retold(error)
        except LayoutChanged:
            reading.spool.remove()
            raise
    source = reading.source
    ended = store_spool(
        reading.home.lake, source.name, reading.spool, may_lack=source.may_lack, shows_all=source.shows_all
    )
    if not cut_short:
        return ended
    told = f"Cut short: {cut_short} {ended.message}".strip()
    return StageResult("incomplete", ended.items, ended.failures + 1, told, counts=ended.counts)


def _read(reading: ScrapeJob, progress: Progress) -> None:
    source, spool = reading.source, reading.spool
    posts = sum(len(page.posts) for page in spool.pages())
    if posts:
        logger.info("%s: going on after the %d posts that were read before", source.name, posts)
    authors = reading.home.authors(reading.options.comment_authors)
    last: Page | None = None
    expected = next((page.head.posts or 0 for page in spool.pages() if page.head is not None), 0)
    for page in source.pages(_visit(reading)):
        last = without_names(page, authors)
        spool.add(last)
        posts += len(last.posts)
        if last.head is not None:
            expected = last.head.posts or 0
        progress(posts, max(expected, posts) if expected else 0)
    if last is not None and last.next_url is not None:
        raise CrawlCrashed(f"The crawl of {source.name} ended before its last page. Run again.")
    spool.end()


def _visit(reading: ScrapeJob) -> ReadContext:
    lake, options, now = reading.home.lake, reading.options, datetime.now(UTC)
    before = past(lake, reading.source.name)
    # A little early, for a weekly reading that began some minutes later the last time.
    due = not before.to_end_since(now - timedelta(days=options.full_days, hours=-1))
    judge = StopPolicy(
        lake,
        reading.source.name,
        now,
        options.refresh_days,
        full=options.full or due,
        resume_at=None if options.full else before.resume_at,
        first=reading.spool.last() is None,
    )
    limits, host = reading.home.limits, reading.source.host
    return ReadContext(
        reading.spool,
        options.politeness,
        judge,
        options.comments,
        reading.secret,
        no_request_before=limits.until(host, reading.secret),
        note_limit=partial(limits.note, host, reading.secret),
    )


def _retold(error: StageError) -> str:
    # On a later page, 'not found' is about that page, so advice about the account's name would mislead.
    return str(error).split(". Check", 1)[0] + "." if isinstance(error, AccountNotFound) else str(error)
