"""A probe of a source: its first page of posts, read as a run reads it, and not stored.

The code is a run's: for a source on the web the crawl's process with its delay, robots.txt, token and host
check; for files their reader. Only the time limit is shorter, and no post's own page is read.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tasks.errors import OutOfTime, SourceUnreachable
from tasks.scrape.contract import check, count_pages
from tasks.scrape.model import Source
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.pages import Page
from tasks.scrape.politeness import Politeness
from tasks.scrape.read_context import CrawlLimits, NextStep, ReadContext
from tasks.scrape.spool import Spool
from tasks.scrape.stop_policy import check_identity
from warehouse.home import Home
from warehouse.records.stored_posts import count_known_posts, known_posts

PROBE_SECONDS = 30.0
"""How long all responses may take together, besides the delays between requests."""
MAX_REQUESTS = 5
"""Requests with a delay before them: robots.txt, the account, its posts, and one or two retries."""
MAX_RETRIES = 1

_CRAWL_LOG = "tasks.scrape.crawl"


@dataclass(frozen=True, slots=True)
class Probe:
    """The first page of a source: its number of posts, and `problems` that make a run incomplete.

    `is_empty`: it has no post, and no other page follows. `waits_seconds`: nothing was read, because a limit of
    the host ends only then; a run waits for that.
    """

    posts: int = 0
    problems: tuple[str, ...] = ()
    is_empty: bool = True
    waits_seconds: float = 0.0


def probe_seconds(politeness: Politeness, response_seconds: float = PROBE_SECONDS) -> float:
    """The time limit of a probe."""
    return response_seconds + MAX_REQUESTS * politeness.delay_seconds


def probe_source(
    home: Home,
    source: Source,
    options: ScrapeOptions,
    secret: str | None,
    *,
    response_seconds: float = PROBE_SECONDS,
) -> Probe:
    """Read a source's first page of posts. Raises what a run would raise for it, from `tasks.errors`.

    A source without posts is an error where posts of it are stored, as it is for a run.
    """
    seconds = probe_seconds(options.politeness, response_seconds)
    until = home.limits.until(source.host, secret)
    waits = 0.0 if until is None else (until - datetime.now(UTC)).total_seconds()
    if seconds < waits <= CrawlLimits().max_wait_seconds:
        return Probe(is_empty=False, waits_seconds=waits)
    limits = CrawlLimits(MAX_RETRIES, max_wait_seconds=seconds, max_seconds=seconds + max(0.0, waits))
    log = _LastLine()
    logger = logging.getLogger(_CRAWL_LOG)
    logger.addHandler(log)
    try:
        with tempfile.TemporaryDirectory() as folder:
            spool = Spool(Path(folder) / "probe.jsonl")
            context = ReadContext(
                spool,
                options.politeness,
                partial(_stop, home, source.name),
                options.comments,
                secret,
                limits,
                until,
                partial(home.limits.note, source.host, secret),
            )
            page = _first_page(source, context)
    except OutOfTime:
        last = f" Its last log line: {log.text}." if log.text else ""
        raise SourceUnreachable(
            f"No page of posts came within {seconds:.0f} s.{last} A run waits longer; check the url and the network."
        ) from None
    finally:
        logger.removeHandler(log)
    if page is None or not page.posts:
        _check_empty(home, source, page)
    if page is None:
        return Probe()
    return Probe(len(page.posts), page.problems, not page.posts and not page.more and page.next_url is None)


def _stop(home: Home, source: str, page: Page) -> NextStep:
    """Stop after the first page. Raises `LayoutChanged` where it is not the account's."""
    known = stored = 0
    if home.lake.exists():
        known = len(known_posts(home.lake, source, [post.post_id for post in page.posts]))
        stored = count_known_posts(home.lake, source)
    check_identity(page, known, lambda: stored)
    return NextStep(stop=True)


def _first_page(source: Source, context: ReadContext) -> Page | None:
    pages = source.pages(context)
    try:
        return next(pages, None)
    finally:
        if isinstance(pages, Generator):
            pages.close()  # ends the crawl's process at once


def _check_empty(home: Home, source: Source, page: Page | None) -> None:
    if home.lake.exists():
        counts = count_pages(home.lake, source.name, [[page]] if page is not None else [])
        check(home.lake, source.name, counts, source.may_lack)


class _LastLine(logging.Handler):
    """Holds the crawl's last log line, for the message of a probe that took too long."""

    text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text = record.getMessage()
