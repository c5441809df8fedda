"""Politeness to the host, as Scrapy's middlewares: own host only, robots.txt, delays and retries."""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import RetryMiddleware, get_retry_request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response
from scrapy.robotstxt import RobotParser

from tasks.backoff import pause_seconds, reset_pause_seconds, retry_after_seconds
from tasks.urls import same_host
from tasks.user_agent import NAME

logger = logging.getLogger(__name__)

TRANSIENT = frozenset({408, 429, 500, 502, 503, 504, 522, 524})
"""HTTP statuses after which a retry often succeeds."""
MAX_RETRIES_WITHOUT_RESPONSE = 2
MAX_WAIT = "LIKELENS_MAX_WAIT_SECONDS"
"""Scrapy setting with `CrawlLimits.max_wait_seconds`: a request that must wait longer is not retried."""


class LeadsAway(IgnoreRequest):
    """A page redirects to another host."""


class OwnHostOnly:
    """Keeps the crawl on the source's own host and port, and a token encrypted, whatever its pages link to.

    It replaces Scrapy's offsite middleware, which drops a redirect silently. On a redirect from https to http
    Scrapy drops the header Authorization, but not a token in an address that a server repeats.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> OwnHostOnly:
        """How Scrapy creates middlewares."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Raise `LeadsAway` for another host or port than the spider's, and for http after https with a token."""
        spider: Any = self.crawler.spider
        must_encrypt = spider.job.secret is not None and spider.home.startswith("https:")
        if not same_host(spider.home, request.url):
            where = "away from the source's own host"
        elif must_encrypt and not request.url.startswith("https:"):
            where = "where anyone on the way reads the token"
        else:
            return
        first = request.meta.get("redirect_urls", [request.url])[0]
        raise LeadsAway(f"{without_query(first)} leads to {without_query(request.url)}, {where}.")


class RobotsUnavailable(IgnoreRequest):
    """A host responds to robots.txt with a server error."""


class RobotsFirst(RobotsTxtMiddleware):
    """Scrapy's robots.txt, and no request to a host whose robots.txt is a server error.

    Scrapy would read the error page as rules, which allow everything; by RFC 9309 (2.3.1.4) nothing is allowed
    then.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._unavailable: dict[str, int] = {}

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500:
            self._unavailable[netloc] = response.status
        await super()._parse_robots(response, netloc, request)

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        """Raise `RobotsUnavailable`, or `IgnoreRequest` where the rules forbid the request."""
        netloc = urlsplit(request.url).netloc
        if status := self._unavailable.get(netloc):
            raise RobotsUnavailable(
                f"The robots.txt of {netloc} responds with HTTP {status}, so no page was requested."
            )
        super().process_request_2(rp, request)


class PoliteRetry(RetryMiddleware):
    """Scrapy's retries, with exponential backoff, or after the delay that the host requests."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> PoliteRetry:
        """How Scrapy creates middlewares; also obeys the Crawl-delay of robots.txt."""
        middleware = super().from_crawler(crawler)
        crawler.signals.connect(middleware.robots_read, signal=signals.robots_parsed)
        return middleware

    def robots_read(self, robotparser: RobotParser, request: Request) -> None:
        """Slow down to the host's own Crawl-delay where that is longer than ours."""
        delay = robotparser.crawl_delay(NAME)
        engine = self.crawler.engine
        if delay and engine is not None:
            for host, slot in engine.downloader.slots.items():
                slot.delay = max(slot.delay, float(delay))
                # Scrapy drops a slot that was idle for a minute, and creates it again from here.
                engine.downloader.per_slot_settings[host] = {"delay": slot.delay}
            if (throttle := self.crawler.get_extension(AutoThrottle)) is not None:
                throttle.mindelay = max(throttle.mindelay, float(delay))

    async def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Retry after a pause where the status is transient; else pass the response on."""
        required = _required_seconds(response) if response.status >= 400 else None
        spider: Any = self.crawler.spider
        if required:
            spider.announce(required)
        if response.status not in TRANSIENT or (required is None and not spider.is_worth_retrying(response)):
            return response
        retries = request.meta.get("retry_times", 0)
        if required is not None and required > self.crawler.settings.getfloat(MAX_WAIT):
            logger.warning(
                "%s requests a delay of %.0f s, which is too long; not retrying",
                without_query(request.url),
                required,
            )
            return response
        reason = f"HTTP {response.status}"
        retry = get_retry_request(request, spider=spider, reason=reason, max_retry_times=self.max_retry_times)
        if retry is None:
            return response
        await _pause(request, reason, max(required or 0.0, pause_seconds(retries, random.random())))
        return retry

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:  # type: ignore[override]
        """Retry after a pause where no response came."""
        if not isinstance(exception, self.exceptions_to_retry):
            return None
        spider: Any = self.crawler.spider
        times = min(self.max_retry_times, MAX_RETRIES_WITHOUT_RESPONSE)
        retry = get_retry_request(request, spider=spider, reason=exception, max_retry_times=times)
        if retry is not None:
            retries = request.meta.get("retry_times", 0)
            await _pause(request, type(exception).__name__, pause_seconds(retries, random.random()))
        return retry


def _required_seconds(response: Response) -> float | None:
    """The delay that the host requests. Mastodon's 429 has only the time at which its limit is renewed."""
    now = datetime.now(UTC)
    seconds = retry_after_seconds(_text(response.headers.get("Retry-After")), now)
    if seconds is None and response.status == 429:
        return reset_pause_seconds(_text(response.headers.get("X-RateLimit-Reset")), now)
    return seconds


async def _pause(request: Request, why: str, seconds: float) -> None:
    logger.info("%s: %s; retrying in %.0f s", without_query(request.url), why, seconds)
    await asyncio.sleep(seconds)


def _text(header: bytes | None) -> str | None:
    return None if header is None else header.decode("latin-1")


def without_query(url: str) -> str:
    """An address as it may be logged: without its query, where tokens are."""
    return url.partition("?")[0]
