"""Being a welcome guest: what the crawl and its retries owe the host, as Scrapy takes it."""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import RetryMiddleware, get_retry_request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response
from scrapy.robotstxt import RobotParser

from tasks.backoff import asked_pause_seconds, pause_seconds, reset_pause_seconds
from tasks.urls import same_host
from tasks.user_agent import NAME

logger = logging.getLogger(__name__)

PASSING = frozenset({408, 429, 500, 502, 503, 504, 522, 524})
"""HTTP statuses that usually go away on a later try."""
MAX_TRIES_UNREACHED = 2
"""Further tries of a host that gave no answer."""
MAX_WAIT = "LIKELENS_MAX_WAIT_SECONDS"
"""The setting of Scrapy's that holds `CrawlLimits.max_wait_seconds`: a host that asks for a longer pause is left alone."""


class LeadsAway(IgnoreRequest):
    """A page sends us to another host."""


class OwnHostOnly:
    """Keeps the crawl on the source's own host and port: whom else we ask is not for its pages to choose.

    In place of Scrapy's own offsite middleware, which drops a redirect without a word.
    """

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> OwnHostOnly:
        """As Scrapy makes middlewares."""
        made = cls()
        made.crawler = crawler
        return made

    crawler: Crawler

    def process_request(self, request: Request) -> None:
        """Raise `LeadsAway` where the request is for another host or port than the spider's."""
        if not same_host(self.crawler.spider.home, request.url):  # type: ignore[union-attr]
            asked = request.meta.get("redirect_urls", [request.url])[0]
            raise LeadsAway(
                f"{unsigned(asked)} leads to {unsigned(request.url)}, away from the source's own host."
            )


class TokenStaysEncrypted:
    """Keeps a token that goes over https from a redirect to http, on the same host too.

    Scrapy drops the header Authorization there; a token in the address would stay where a server repeats it.
    """

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> TokenStaysEncrypted:
        """As Scrapy makes middlewares."""
        made = cls()
        made.crawler = crawler
        return made

    crawler: Crawler

    def process_request(self, request: Request) -> None:
        """Raise `LeadsAway` where the source has a token and https, and the request has no https."""
        job: Any = getattr(self.crawler.spider, "job", None)
        if job is None or job.secret is None or not job.adapter.first_url.startswith("https:"):
            return
        if urlsplit(request.url).scheme != "https":
            asked = request.meta.get("redirect_urls", [request.url])[0]
            raise LeadsAway(
                f"{unsigned(asked)} leads to {unsigned(request.url)}, where anyone on the way reads the token."
            )


class RobotsUnavailable(IgnoreRequest):
    """A host can't say now what its robots.txt allows."""


class RobotsFirst(RobotsTxtMiddleware):
    """Scrapy's robots.txt, and nothing asked of a host whose robots.txt is a server error.

    Scrapy would read the error page as rules, which allow all; RFC 9309 (2.3.1.4) has it that nothing is
    allowed then.
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
            raise RobotsUnavailable(f"The robots.txt of {netloc} answers {status}, so nothing was asked for.")
        super().process_request_2(rp, request)


class PoliteRetry(RetryMiddleware):
    """Scrapy's retries, with growing pauses, and with the pause that the host asks for."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> PoliteRetry:
        """As Scrapy makes middlewares; also obeys the Crawl-delay of robots.txt."""
        made = cls(crawler.settings)
        made.crawler = crawler
        crawler.signals.connect(made.robots_read, signal=signals.robots_parsed)
        return made

    def robots_read(self, robotparser: RobotParser, request: Request) -> None:
        """Slow down to the host's own Crawl-delay where that is longer than ours."""
        wished = robotparser.crawl_delay(NAME)
        engine = self.crawler.engine
        if wished and engine is not None:
            for host, slot in engine.downloader.slots.items():
                slot.delay = max(slot.delay, float(wished))
                # Scrapy forgets a slot that was idle for a minute, and makes it anew from here.
                engine.downloader.per_slot_settings[host] = {"delay": slot.delay}
            for throttle in _throttles(self.crawler):
                throttle.mindelay = max(throttle.mindelay, float(wished))

    async def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Ask again after a pause where the status may pass; else hand the answer on."""
        asked = _asked_seconds(response) if response.status >= 400 else None
        spider: Any = _spider(self.crawler)
        if asked:
            spider.announce(asked)
        if response.status not in PASSING or (asked is None and not spider.is_worth_retrying(response)):
            return response
        tried = request.meta.get("retry_times", 0)
        if asked is not None and asked > self.crawler.settings.getfloat(MAX_WAIT):
            logger.warning(
                "%s asks for a pause of %.0f s: leaving it alone for now", unsigned(request.url), asked
            )
            return response
        again = get_retry_request(
            request,
            spider=_spider(self.crawler),
            reason=f"HTTP {response.status}",
            max_retry_times=self.max_retry_times,
        )
        if again is None:
            return response
        await _pause(
            request, f"HTTP {response.status}", max(asked or 0.0, pause_seconds(tried, random.random()))
        )
        return again

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:  # type: ignore[override]
        """Ask again after a pause where the host gave no answer."""
        if not isinstance(exception, self.exceptions_to_retry):
            return None
        again = get_retry_request(
            request,
            spider=_spider(self.crawler),
            reason=exception,
            max_retry_times=min(self.max_retry_times, MAX_TRIES_UNREACHED),
        )
        if again is not None:
            tried = request.meta.get("retry_times", 0)
            await _pause(request, type(exception).__name__, pause_seconds(tried, random.random()))
        return again


def _asked_seconds(response: Response) -> float | None:
    """The pause that the host asks for. Mastodon says with 429 only when its limit is renewed."""
    now = datetime.now(UTC)
    asked = asked_pause_seconds(_text(response.headers.get("Retry-After")), now)
    if asked is None and response.status == 429:
        return reset_pause_seconds(_text(response.headers.get("X-RateLimit-Reset")), now)
    return asked


async def _pause(request: Request, why: str, seconds: float) -> None:
    logger.info("%s: %s; asking again in %.0f s", unsigned(request.url), why, seconds)
    await asyncio.sleep(seconds)


def _spider(crawler: Crawler) -> Spider:
    assert crawler.spider is not None
    return crawler.spider


def _text(header: bytes | None) -> str | None:
    return None if header is None else header.decode("latin-1")


def unsigned(url: str) -> str:
    """An address as it may be told: without its query, where tokens are."""
    return url.partition("?")[0]


def _throttles(crawler: Crawler) -> list[AutoThrottle]:
    assert crawler.extensions is not None
    return [one for one in crawler.extensions.middlewares if isinstance(one, AutoThrottle)]
