"""The crawl's own process: Scrapy, one account, pages to standard output.

A Twisted reactor can't be started twice in a process, so each crawl gets a process of its own:
`python -m tasks.scrape.crawl.child`, started by `tasks.scrape.crawl`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from concurrent.futures import Future
from queue import SimpleQueue
from typing import BinaryIO

from scrapy.crawler import CrawlerProcess

from tasks.scrape.crawl.messages import (
    MESSAGE_JSON,
    ORDER_JSON,
    VERDICT_JSON,
    CrawlJob,
    Message,
    without_secret,
)
from tasks.scrape.crawl.middlewares import MAX_WAIT
from tasks.scrape.crawl.spider import AccountSpider
from tasks.scrape.pages import Page
from tasks.scrape.read_context import NextStep
from tasks.user_agent import NAME

MAX_PAGE_BYTES = 10 * 1024 * 1024
PAGE_TIMEOUT_SECONDS = 60


THROTTLED_DELAY_SECONDS = 60.0
"""A host that answers slowly is asked ever more slowly, up to this."""


class Speaker:
    """Writes messages to the run, safe from several threads, and waits for its verdicts.

    The `secret` is in none of them: an error of Scrapy's or a server's answer may quote the whole address.
    """

    def __init__(self, out: BinaryIO, secret: str | None = None) -> None:
        self._out = out
        self._secret = secret
        self._lock = threading.Lock()
        self._waiting: SimpleQueue[Future[NextStep]] = SimpleQueue()

    def say(self, message: Message) -> None:
        """Write one message as a line."""
        line = MESSAGE_JSON.dump_json(without_secret(message, self._secret))
        with self._lock:
            self._out.write(line + b"\n")
            self._out.flush()

    async def ask(self, page: Page) -> NextStep:
        """What the run wants after this page."""
        answer: Future[NextStep] = Future()
        self._waiting.put(answer)
        self.say(Message("judge", page=page))
        return await asyncio.wrap_future(answer)

    def hear(self, line: bytes) -> None:
        """Take a verdict for the page that was asked about first."""
        self._waiting.get().set_result(VERDICT_JSON.validate_json(line))


class _LogToRun(logging.Handler):
    def __init__(self, speaker: Speaker) -> None:
        super().__init__()
        self.speaker = speaker

    def emit(self, record: logging.LogRecord) -> None:
        """Hand on our own lines; Scrapy's come on top of the failures that we tell in words."""
        if record.name.startswith("tasks.") or record.levelno >= logging.CRITICAL:
            self.speaker.say(Message("log", level=record.levelno, text=record.getMessage()))


def main() -> None:
    """Crawl what standard input orders, then end."""
    # Whatever a library prints must not get between the messages.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    order = ORDER_JSON.validate_json(sys.stdin.buffer.readline())
    speaker = Speaker(out, order.secret)
    threading.Thread(target=_listen, args=(speaker,), daemon=True).start()
    _log_to(speaker)
    process = CrawlerProcess(settings=_settings(order), install_root_handler=False)
    process.crawl(process.create_crawler(AccountSpider), order=order, run=speaker)
    process.start()
    speaker.say(Message("end"))


def _listen(speaker: Speaker) -> None:
    """Hear verdicts; the input's end is the run's, and ours."""
    for line in iter(sys.stdin.buffer.readline, b""):
        speaker.hear(line)
    os._exit(1)


def _log_to(speaker: Speaker) -> None:
    root = logging.getLogger()
    root.handlers[:] = [_LogToRun(speaker)]
    root.setLevel(logging.WARNING)
    logging.getLogger("tasks").setLevel(logging.INFO)


def _settings(order: CrawlJob) -> dict[str, object]:
    politeness = order.politeness
    return {
        "USER_AGENT": politeness.user_agent,
        "ROBOTSTXT_OBEY": True,
        "ROBOTSTXT_USER_AGENT": NAME,
        "DOWNLOAD_DELAY": politeness.delay_seconds,
        # The delay is a promise to the host, not a mean around which to vary.
        "DOWNLOAD_DELAY_JITTER": 0,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        # Slower than the delay where the host is slow, never faster.
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": politeness.delay_seconds,
        # We rest as long as a page took, and at least for the delay.
        "AUTOTHROTTLE_TARGET_CONCURRENCY": 0.5,
        "AUTOTHROTTLE_MAX_DELAY": max(THROTTLED_DELAY_SECONDS, politeness.delay_seconds),
        "DOWNLOAD_TIMEOUT": PAGE_TIMEOUT_SECONDS,
        "RETRY_TIMES": order.limits.max_retries,
        MAX_WAIT: order.limits.max_wait_seconds,
        # Scrapy takes any certificate by default, so anyone on the way could read the token.
        "DOWNLOAD_VERIFY_CERTIFICATES": order.secret is not None,
        "DOWNLOAD_MAXSIZE": MAX_PAGE_BYTES,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_HANDLERS": dict.fromkeys(("http", "https"), "tasks.scrape.crawl.exact.ExactHandler"),
        "DOWNLOADER_MIDDLEWARES": {
            "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
            # Before the one that asks a host for its robots.txt.
            "tasks.scrape.crawl.middlewares.OwnHostOnly": 50,
            "tasks.scrape.crawl.middlewares.TokenStaysEncrypted": 60,
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
            "tasks.scrape.crawl.middlewares.RobotsFirst": 100,
            "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
            "tasks.scrape.crawl.middlewares.PoliteRetry": 550,
            "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
            "tasks.scrape.crawl.exact.ExactRedirects": 600,
        },
        # A page without its pager is asked for again.
        "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
        "COOKIES_ENABLED": False,
        "METAREFRESH_ENABLED": False,
        "REDIRECT_MAX_TIMES": 5,
        "TELNETCONSOLE_ENABLED": False,
        # No server for remote control, and no statistics of its own: the run keeps the journal.
        "EXTENSIONS_BASE": {"scrapy.extensions.throttle.AutoThrottle": 0},
        "STATS_DUMP": False,
        "LOG_ENABLED": False,
    }


if __name__ == "__main__":
    main()
