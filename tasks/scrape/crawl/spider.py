"""The spider: it reads an account from its first page along the pager to the last, one request at a time.

The site adapter reads the responses, the run decides which pages to request, and `history.py` finds what is new.
"""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import scrapy
from scrapy.http import Response as ScrapyResponse
from scrapy.http import TextResponse

from tasks.errors import (
    AccountNotFound,
    BadToken,
    LayoutChanged,
    SourceRefused,
    SourceUnreachable,
    StageError,
)
from tasks.scrape.crawl.exact import VERBATIM
from tasks.scrape.crawl.failures import failure_of, status_failure
from tasks.scrape.crawl.history import CrawlHistory
from tasks.scrape.crawl.messages import CrawlJob, Message, RunConnection
from tasks.scrape.crawl.middlewares import without_query
from tasks.scrape.crawl.sending import request_url
from tasks.scrape.crawl.site_adapter import Detail, PageResult, Response
from tasks.scrape.pages import Page, ScrapedPost, UnreadPage
from tasks.scrape.read_context import NextStep
from tasks.scrape.spool import Spool

logger = logging.getLogger(__name__)

MISSING_PAGER_RETRIES = 4
"""Retries of a page without its pager, which some galleries serve now and then."""
MAX_REFUSALS = 3
"""After so many refused post pages in a row, the crawl of the host ends."""
MAX_DETAIL_PAGES = 50
"""Pages of comments that are read of one post."""
MAX_LIMIT_SECONDS = 7 * 24 * 3600.0
"""A longer limit is reported to the run as this one."""


class AccountSpider(scrapy.Spider):
    """Reads the pages of one account and sends each to the run."""

    name = "account"

    def __init__(self, job: CrawlJob, run: RunConnection, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job = job
        self.adapter = job.adapter
        self.home = request_url(self.adapter.first_url)
        self.run = run
        self.history = CrawlHistory(self.adapter.pager, {self.adapter.first_url})
        self.refusals = 0
        self.details_refused = False
        self.last_refusal: SourceRefused | None = None
        self.wait_until = time.monotonic() + _seconds_until(job.no_request_before)
        for page in Spool(Path(job.spool)).pages():
            self.history.add(page)

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Read all pages, and send the error that ends the crawl early. Yields nothing: `_get` sends the requests."""
        try:
            await self._read_account()
        except StageError as error:
            self.run.send(Message("failed", error=type(error).__name__, text=str(error)))
        except Exception:  # noqa: BLE001 - Scrapy would log a bug and end without an error
            self.run.send(Message("failed", error="CrawlCrashed", text=traceback.format_exc()))
        return
        yield  # Scrapy needs an asynchronous generator

    async def _read_account(self) -> None:
        url: str | None = self.job.start_url
        while url is not None:
            url = await self._read_page(url)

    async def _read_page(self, url: str) -> str | None:
        """Read one page and send it; returns the address of the next page."""
        history = self.history
        result = await self._read_result(url)
        for _ in range(MISSING_PAGER_RETRIES):
            if result.page is None or history.new_urls(result) or not history.count_missing(result.page):
                break
            logger.info(
                "%s: no link to the next page, though the account has more posts; retrying",
                without_query(url),
            )
            result = await self._read_result(url)
        if result.page is None:
            return history.add_account(result)
        page = history.with_new_posts(result)
        next_step = await self.run.next_step(page)
        page = history.with_next_url(await self._with_details(page, next_step), next_step)
        history.add(page)
        self.run.send(Message("complete", page=page))
        # Logged when the run has the page, so that a page in the log is not lost when the run is stopped now.
        logger.info("%s: %d posts, %d so far", without_query(url), len(page.posts), history.state.posts)
        if self.last_refusal is not None:
            raise self.last_refusal
        return page.next_url

    async def _read_result(self, url: str) -> PageResult:
        try:
            return self.adapter.read(await self._get(url), self.history.state)
        except AccountNotFound:
            # An adapter that counts pages may have counted one too far.
            if self.history.first or (missing := self.adapter.missing(url, datetime.now(UTC))) is None:
                raise
            return missing

    async def _with_details(self, page: Page, next_step: NextStep) -> Page:
        """The page with what the requested post pages add; one that can't be read affects its post only."""
        posts, problems, unparsed = [], list(page.problems), list(page.unparsed)
        unread: list[UnreadPage] = []
        for post in page.posts:
            detail = Detail(post)
            if post.post_id in next_step.details and not self.details_refused:
                try:
                    detail = await self._detail(post)
                except BadToken as error:
                    # Every other post page needs the token too.
                    self.details_refused = True
                    problems.append(
                        f"post {post.post_id} and those after it: their own pages were not read: {error}"
                    )
                except (SourceUnreachable, AccountNotFound, LayoutChanged, SourceRefused) as error:
                    if post.post_id not in next_step.retried:
                        self._count_refusal(error)
                    unread.append(UnreadPage(post.post_id, error.cause))
            posts.append(detail.post)
            problems += detail.problems
            unparsed += detail.unparsed
        return replace(
            page,
            posts=tuple(posts),
            problems=tuple(problems),
            unparsed=tuple(unparsed),
            unread_pages=tuple(unread),
        )

    def _count_refusal(self, error: StageError) -> None:
        if isinstance(error, SourceRefused):
            self.refusals += 1
            if self.refusals >= MAX_REFUSALS:
                # Raised after the page is sent: its posts are read.
                self.details_refused, self.last_refusal = True, error

    async def _detail(self, post: ScrapedPost) -> Detail:
        detail, url = Detail(post), self.adapter.detail_url(post)
        problems: tuple[str, ...] = ()
        unparsed: tuple[str, ...] = ()
        for _ in range(MAX_DETAIL_PAGES):
            if url is None:
                break
            detail = self.adapter.read_detail(await self._get(url), detail.post)
            detail = replace(detail, post=replace(detail.post, detailed=True, partial=False))
            problems, unparsed = problems + detail.problems, unparsed + detail.unparsed
            url = detail.next_url
            self.refusals = 0
        return replace(detail, problems=problems, unparsed=unparsed)

    async def _get(self, url: str) -> Response:
        """Request an address. Raises the error that the response, or its absence, means."""
        await self._wait_for_limit(url)
        sign_request = self.adapter.sign_request(url, self.job.secret)
        meta = VERBATIM if self.adapter.obeys_robots else {**VERBATIM, "dont_obey_robotstxt": True}
        assert self.crawler.engine is not None
        try:
            request = scrapy.Request(
                request_url(sign_request.url), headers=dict(sign_request.headers), meta=meta
            )
            response = await self.crawler.engine.download_async(request)
        except Exception as error:
            raise failure_of(error, url) from error
        # The address after redirects, but never one with a token in it.
        shown_url = url if sign_request.url != url else response.url
        page = replace(_response(response, shown_url), requested=url)
        self._note_limit(page)
        if (smaller_page_url := self.adapter.smaller_page_url(page)) is not None:
            logger.info("%s refuses so many posts a page; requesting half as many", without_query(url))
            return await self._get(smaller_page_url)
        if page.status != 200:
            raise self.adapter.refusal(page) or status_failure(page.status, page.url)
        return page

    def _note_limit(self, response: Response) -> None:
        """Note the limit that a response announces, or the end of one."""
        pause = self.adapter.pause_seconds(response)
        if pause > 0:
            self.announce(pause)
        elif response.status == 200:
            self.wait_until = time.monotonic()

    def announce(self, seconds: float) -> None:
        """Send no request for so long, neither in this crawl nor, through the run, in the crawls after it."""
        self.wait_until = time.monotonic() + seconds
        until = datetime.now(UTC) + timedelta(seconds=min(seconds, MAX_LIMIT_SECONDS))
        self.run.send(Message("limit", until=until))

    def is_worth_retrying(self, response: ScrapyResponse) -> bool:
        """Whether the same request may soon succeed, as far as the site adapter knows."""
        return self.adapter.is_worth_retrying(_response(response, response.url))

    async def _wait_for_limit(self, url: str) -> None:
        """Wait until the announced limit ends. Before a request, because none may follow the last response."""
        seconds = self.wait_until - time.monotonic()
        if seconds > self.job.limits.max_wait_seconds:
            raise SourceRefused(
                f"{urlsplit(url).netloc} has no requests left for us for {max(1.0, seconds / 60):.0f} minutes."
                f" {'The next run retries.' if self.history.first else 'The pages read before are stored; the next run resumes.'}"
            )
        if seconds > 0:
            logger.info("%s has announced a limit; waiting %.0f s", urlsplit(url).netloc, seconds)
            await asyncio.sleep(seconds)


def _seconds_until(when: datetime | None) -> float:
    return 0.0 if when is None else max(0.0, (when - datetime.now(UTC)).total_seconds())


def _response(response: ScrapyResponse, url: str) -> Response:
    text = response.text if isinstance(response, TextResponse) else ""
    if response.status == 200 and not isinstance(response, TextResponse):
        raise LayoutChanged(f"The page {url} is not text, so it can't be a page of the source.")
    headers = {
        name.decode("latin-1").lower(): b", ".join(values).decode("latin-1")
        for name, values in response.headers.items()
    }
    return Response(url, text, datetime.now(UTC), response.status, headers)
