"""The spider: from an account's first page along its pager to the last, one request after the other.

What the answers mean is the walk's business, and which pages are wanted is the run's; the spider asks,
keeps what it has seen apart from what is new, and notices when it goes round in circles.
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
from typing import Any, Protocol
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
from tasks.scrape.crawl.messages import CrawlJob, Message
from tasks.scrape.crawl.middlewares import unsigned
from tasks.scrape.crawl.sending import sent_url
from tasks.scrape.crawl.site_adapter import CrawlState, Detail, PageResult, Response
from tasks.scrape.pages import AccountInfo, Page, ScrapedPost, UnreadPage
from tasks.scrape.read_context import NextStep
from tasks.scrape.spool import Spool

logger = logging.getLogger(__name__)

MISSING_PAGER_TRIES = 4
"""Some galleries now and then serve a page without its pager; as often is such a page asked for again."""
REFUSED_IN_A_ROW = 3
"""So many posts' own pages may be refused one after the other; then the host is left alone."""
MAX_DETAIL_PAGES = 50
"""Pages of comments that are read of one post."""
MAX_ANNOUNCED_SECONDS = 7 * 24 * 3600.0
"""A longer limit is announced to the run as this one."""


class PageReceiver(Protocol):
    """The run, as the spider speaks with it."""

    def send(self, message: Message) -> None:
        """Send a message."""
        ...

    async def next_step(self, page: Page) -> NextStep:
        """The run's decision after a page."""
        ...


class AccountSpider(scrapy.Spider):
    """Reads the pages of one account and says each to the run."""

    name = "account"

    def __init__(self, job: CrawlJob, run: PageReceiver, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job = job
        self.adapter = job.adapter
        self.home = sent_url(self.adapter.first_url)
        self.run = run
        self.seen_posts: set[str] = set()
        self.seen_urls: set[str] = {self.adapter.first_url}
        self.expected_posts: int | None = None
        self.head: AccountInfo | None = None
        self.head_problems: tuple[str, ...] = ()
        self.first = True
        self.jumped = False
        self.refused = 0
        self.details_refused = False
        self.leaves: SourceRefused | None = None
        self.rest_until = time.monotonic() + _seconds_until(job.no_request_before)
        for page in Spool(Path(job.spool)).pages():
            self._remember(page)

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Read all pages; whatever ends it early is said to the run. Yields nothing: it asks by itself."""
        try:
            await self._read_account()
        except StageError as error:
            self.run.send(Message("failed", error=type(error).__name__, text=str(error)))
        except Exception:  # noqa: BLE001 - Scrapy would log a bug and end as if all were well
            self.run.send(Message("failed", error="CrawlCrashed", text=traceback.format_exc()))
        return
        yield  # an asynchronous generator without an item is what Scrapy wants

    async def _read_account(self) -> None:
        url: str | None = self.job.start_url
        while url is not None:
            url = await self._read_page(url)

    async def _read_page(self, url: str) -> str | None:
        """Read one page and say it; returns the address to go on at."""
        step = await self._step(url)
        for _ in range(MISSING_PAGER_TRIES):
            if step.page is None or self._unseen(step) or not self._posts_missing(step.page):
                break
            logger.info("%s: no further page, though more posts are counted; asking again", unsigned(url))
            step = await self._step(url)
        self.head = step.head or self.head
        if step.page is None:
            self.head_problems += step.problems
            following = self._unseen(step)
            self.seen_urls.update(following[:1])
            return following[0] if following else None
        page = self._told(step.page, self._unseen(step), guessed=step.guessed)
        next_step = await self.run.next_step(page)
        page = self._decided(await self._with_details(page, next_step), next_step)
        self._remember(page)
        self.run.send(Message("complete", page=page))
        # Told when the run has it: what is told must not be lost when the run is stopped now.
        logger.info("%s: %d posts, %d so far", unsigned(url), len(page.posts), len(self.seen_posts))
        if self.leaves is not None:
            raise self.leaves
        return page.next_url

    async def _step(self, url: str) -> PageResult:
        crawl_state = CrawlState(len(self.seen_posts), self.expected_posts, self.first, self.head)
        try:
            return self.adapter.read(await self._get(url), crawl_state)
        except AccountNotFound:
            # A walk that counts pages may have counted one too far.
            if self.first or (missing := self.adapter.missing(url, datetime.now(UTC))) is None:
                raise
            return missing

    def _told(self, page: Page, following: list[str], *, guessed: bool) -> Page:
        """The page with its posts that are new to this crawl, and with the address of the next page."""
        fresh: dict[str, ScrapedPost] = {}
        for post in page.posts:
            if post.post_id not in self.seen_posts:
                fresh.setdefault(post.post_id, post)
        problems, self.head_problems = self.head_problems + page.problems, ()
        next_url, more = following[0] if following else None, page.more
        if next_url is not None and guessed and not fresh:
            next_url = None
        if next_url is not None and page.posts and not fresh:
            problems += (f"{page.url}: the pager leads in a circle; stopped there",)
            next_url, more = None, True
        missing = self._posts_missing(page)
        unparsed = page.unparsed
        if next_url is None and missing:
            problems += (f"{page.url}: {self._told_missing(missing)}",)
            # Known posts may be among those that were not shown.
            more, unparsed = True, (*unparsed, "page")
        return replace(
            page,
            unparsed=unparsed,
            head=page.head or self.head if self.first else None,
            posts=tuple(fresh.values()),
            next_url=next_url,
            problems=problems,
            more=more,
        )

    def _told_missing(self, missing: int) -> str:
        return (
            f"the account counts {missing} more posts than its pages show,"
            f" and {self.adapter.pager} finds no other page"
        )

    def _decided(self, page: Page, next_step: NextStep) -> Page:
        if page.next_url is None:
            return page
        if next_step.jump_to is not None and next_step.jump_to not in self.seen_urls:
            return replace(page, next_url=next_step.jump_to, more=True)
        return replace(page, next_url=None, more=True) if next_step.stop else page

    def _remember(self, page: Page) -> None:
        self.seen_posts.update(post.post_id for post in page.posts)
        self.seen_urls.add(page.url)
        self.first = False
        # A page with more below it that has another address to go on at: the crawl jumped there.
        self.jumped = self.jumped or (page.more and page.next_url is not None)
        self.head = page.head or self.head
        if page.head is not None and page.head.posts_least is not None:
            self.expected_posts = page.head.posts_least

    def _unseen(self, step: PageResult) -> list[str]:
        return [url for url in step.next_urls if url not in self.seen_urls]

    def _posts_missing(self, page: Page) -> int:
        if self.jumped:
            return 0  # those that were jumped over are known
        head = page.head or self.head
        expected = self.expected_posts
        if expected is None and head is not None:
            expected = head.posts_least
        return max(0, (expected or 0) - len(self.seen_posts | {post.post_id for post in page.posts}))

    async def _with_details(self, page: Page, next_step: NextStep) -> Page:
        """The page with what the wanted posts' own pages tell; one that can't be had costs only itself."""
        posts, problems, unparsed = [], list(page.problems), list(page.unparsed)
        unread: list[UnreadPage] = []
        for post in page.posts:
            detail = Detail(post)
            if post.post_id in next_step.details and not self.details_refused:
                try:
                    detail = await self._detail(post)
                except BadToken as error:
                    # What it wants a token for, it wants it for at every post.
                    self.details_refused = True
                    problems.append(
                        f"post {post.post_id} and those after it: no page of their own was read: {error}"
                    )
                except (SourceUnreachable, AccountNotFound, LayoutChanged, SourceRefused) as error:
                    if post.post_id not in next_step.retried:
                        self._count_refusal(error)
                    unread.append(UnreadPage(post.post_id, _of_a_post(error)))
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
            self.refused += 1
            if self.refused >= REFUSED_IN_A_ROW:
                # Not before the page is said: its posts are read.
                self.details_refused, self.leaves = True, error

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
            self.refused = 0
        return replace(detail, problems=problems, unparsed=unparsed)

    async def _get(self, url: str) -> Response:
        """Ask for an address. Raises the error that the answer, or its lack, means."""
        await self._rest(url)
        signed = self.adapter.signed(url, self.job.secret)
        meta = VERBATIM if self.adapter.obeys_robots else {**VERBATIM, "dont_obey_robotstxt": True}
        assert self.crawler.engine is not None
        try:
            request = scrapy.Request(sent_url(signed.url), headers=dict(signed.headers), meta=meta)
            response = await self.crawler.engine.download_async(request)
        except Exception as error:
            raise failure_of(error, url) from error
        # A redirect is told as such, but never an address that holds a token.
        answer = replace(_answer(response, url if signed.url != url else response.url), requested=url)
        self._heed(answer)
        if (smaller := self.adapter.smaller(answer)) is not None:
            logger.info("%s refuses so many posts a page; requesting half as many", unsigned(url))
            return await self._get(smaller)
        if answer.status != 200:
            raise self.adapter.refusal(answer) or status_failure(answer.status, answer.url)
        return answer

    def _heed(self, answer: Response) -> None:
        """Take the limit that an answer announces, or the end of one."""
        pause = self.adapter.pause_seconds(answer)
        if pause > 0:
            self.announce(pause)
        elif answer.status == 200:
            self.rest_until = time.monotonic()

    def announce(self, seconds: float) -> None:
        """Let no request follow for so long, in this crawl and, through the run, in those after it."""
        self.rest_until = time.monotonic() + seconds
        until = datetime.now(UTC) + timedelta(seconds=min(seconds, MAX_ANNOUNCED_SECONDS))
        self.run.send(Message("limit", until=until))

    def is_worth_retrying(self, response: ScrapyResponse) -> bool:
        """Whether the same request may soon have another answer, as far as the walk knows."""
        return self.adapter.is_worth_retrying(_answer(response, response.url))

    async def _rest(self, url: str) -> None:
        """Wait as long as the last answer wants us to: before the next request, for none may follow."""
        seconds = self.rest_until - time.monotonic()
        if seconds > self.job.limits.max_wait_seconds:
            raise SourceRefused(
                f"{urlsplit(url).netloc} has no requests left for us for {max(1.0, seconds / 60):.0f} minutes."
                f" {'The next run tries again.' if self.first else 'What was read is kept; the next run goes on.'}"
            )
        if seconds > 0:
            logger.info("%s has announced a limit; waiting %.0f s", urlsplit(url).netloc, seconds)
            await asyncio.sleep(seconds)


def _seconds_until(when: datetime | None) -> float:
    return 0.0 if when is None else max(0.0, (when - datetime.now(UTC)).total_seconds())


def _of_a_post(error: StageError) -> str:
    """Why a post's own page can't be read; advice about the account's name would mislead there."""
    if isinstance(error, AccountNotFound):
        return f"{str(error).split('. Check', 1)[0].rstrip('.')}."
    return str(error)


def _answer(response: ScrapyResponse, url: str) -> Response:
    if not isinstance(response, TextResponse):
        if response.status == 200:
            raise LayoutChanged(f"The page {url} is no text, so it can't be a page of the source.")
        text = ""
    else:
        text = response.text
    headers = {
        name.decode("latin-1").lower(): b", ".join(values).decode("latin-1")
        for name, values in response.headers.items()
    }
    return Response(url, text, datetime.now(UTC), response.status, headers)
