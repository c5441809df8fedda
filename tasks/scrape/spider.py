"""The spider: from an account's first page along the pager to its last, one page after the other."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import scrapy
from parsel import Selector
from scrapy.exceptions import DownloadCancelledError, IgnoreRequest
from scrapy.http import Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from tasks.errors import AccountPrivate, LayoutChanged
from tasks.scrape.extract import check_head, next_pages, read_page
from tasks.scrape.messages import FailureKind, Message, Order
from tasks.scrape.pages import Page, ScrapedPost
from tasks.scrape.politeness import LeadsAway, RobotsUnavailable
from tasks.scrape.spool import Spool

logger = logging.getLogger(__name__)

MISSING_PAGER_TRIES = 4
"""Some galleries now and then serve a page without its pager; as often is such a page asked for again."""


class AccountSpider(scrapy.Spider):
    """Reads the pages of one account and says each to the run."""

    name = "account"

    def __init__(self, order: Order, say: Callable[[Message], None], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.order = order
        self.host = urlsplit(order.first_url).hostname
        self.say = say
        self.seen_posts: set[str] = set()
        self.seen_urls: set[str] = {order.first_url}
        self.expected_posts: int | None = None
        for page in Spool(Path(order.spool)).pages():
            self._remember(page)

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """The first page, or the one after the last that the spool holds."""
        yield self._ask(self.order.start_url)

    def read(self, response: Response) -> Iterator[scrapy.Request]:
        """Read a page, say it, and go on to the next."""
        try:
            page, links = self._page(response)
        except AccountPrivate as error:
            self._fail("private", str(error))
        except LayoutChanged as error:
            self._fail("layout", str(error))
        else:
            yield from self._go_on(page, links, response.meta.get("pager_tries", 0))

    def failed(self, failure: Failure) -> None:
        """Say why a page could not be had."""
        kind, text = _why(failure)
        self._fail(kind, text)

    def _go_on(self, page: Page, links: list[str], pager_tries: int) -> Iterator[scrapy.Request]:
        unseen = [link for link in links if link not in self.seen_urls]
        if not unseen and self._posts_missing(page) and pager_tries < MISSING_PAGER_TRIES:
            logger.info("%s: no further page, though more posts are counted; asking again", page.url)
            yield self._ask(page.url, pager_tries + 1)
        else:
            yield from self._say_page(page, unseen[0] if unseen else None)

    def _page(self, response: Response) -> tuple[Page, list[str]]:
        if not isinstance(response, TextResponse):
            raise LayoutChanged(f"The page {response.url} is no text, so it can't be a page of the gallery.")
        # Not `response.selector`: that one believes the server when it calls its page JSON or XML.
        order, selector = self.order, Selector(response.text, type="html")
        all_seen = self.expected_posts is not None and len(self.seen_posts) >= max(1, self.expected_posts)
        page = read_page(
            order.profile,
            selector,
            response.url,
            order.account,
            datetime.now(UTC),
            may_be_empty=all_seen,
        )
        if not self._later():
            page = check_head(order.profile, page)
        return page, next_pages(order.profile, selector, response.url)

    def _say_page(self, page: Page, next_url: str | None) -> Iterator[scrapy.Request]:
        fresh: dict[str, ScrapedPost] = {}
        for post in page.posts:
            if post.post_id not in self.seen_posts:
                fresh.setdefault(post.post_id, post)
        problems = page.problems
        if next_url is not None and page.posts and not fresh:
            problems += (f"{page.url}: the pager leads in a circle; stopped there",)
            next_url = None
        if next_url is None and (missing := self._posts_missing(page)):
            problem = f"{page.url}: the account counts {missing} more posts than its pages show"
            problems += (f"{problem}, and list.next ({self.order.profile.list.next}) finds no other page",)
        said = Page(
            page.url,
            page.observed_at,
            page.account,
            None if self._later() else page.head,
            tuple(fresh.values()),
            next_url,
            problems,
        )
        self._remember(said)
        logger.info("%s: %d posts, %d so far", page.url, len(fresh), len(self.seen_posts))
        self.say(Message("page", page=said))
        if next_url is not None:
            yield self._ask(next_url)

    def _remember(self, page: Page) -> None:
        self.seen_posts.update(post.post_id for post in page.posts)
        self.seen_urls.add(page.url)
        if page.head is not None and page.head.posts_least is not None:
            self.expected_posts = page.head.posts_least

    def _later(self) -> bool:
        return bool(self.seen_posts)

    def _posts_missing(self, page: Page) -> int:
        expected = self.expected_posts
        if expected is None and page.head is not None:
            expected = page.head.posts_least
        return max(0, (expected or 0) - len(self.seen_posts | {post.post_id for post in page.posts}))

    def _ask(self, url: str, pager_tries: int = 0) -> scrapy.Request:
        return scrapy.Request(url, self.read, errback=self.failed, meta={"pager_tries": pager_tries})

    def _fail(self, kind: FailureKind, text: str) -> None:
        self.say(Message("failed", failure=kind, text=text))


def _why(failure: Failure) -> tuple[FailureKind, str]:
    error = failure.value
    url = getattr(getattr(failure, "request", None), "url", "the page")
    if isinstance(error, HttpError):
        return _why_status(error.response.status, error.response.url)
    if isinstance(error, RobotsUnavailable | LeadsAway):
        return "moved" if isinstance(error, LeadsAway) else "unreachable", str(error)
    if isinstance(error, IgnoreRequest) and "robots.txt" in str(error):
        return "robots", f"The robots.txt of {urlsplit(url).netloc} does not allow {url}."
    if isinstance(error, DownloadCancelledError):
        return "layout", f"{url} is far larger than a page of a gallery can be."
    if isinstance(error, IgnoreRequest):
        return "layout", f"{url} can't be a page of the gallery: {error}."
    what = failure.getErrorMessage() or type(error).__name__
    return (
        "unreachable",
        f"{urlsplit(url).netloc} can't be reached ({type(error).__name__}: {what.strip()[:200]}).",
    )


def _why_status(status: int, url: str) -> tuple[FailureKind, str]:
    if status in (404, 410):
        return "not_found", f"{url} does not exist (HTTP {status})."
    if status in (401, 403, 429):
        return "refused", f"{urlsplit(url).netloc} refuses {url} (HTTP {status})."
    return "unreachable", f"{urlsplit(url).netloc} answers {url} with HTTP {status}."
