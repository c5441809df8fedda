"""The crawl's own process: Scrapy, one account, pages to standard output.

A Twisted reactor can't be started twice in a process, so each crawl gets a process of its own:
`python -m tasks.scrape.child`, started by `tasks.scrape.crawl`.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from typing import BinaryIO

from scrapy import signals
from scrapy.crawler import CrawlerProcess
from twisted.python.failure import Failure

from tasks.scrape.messages import MESSAGE_JSON, ORDER_JSON, Message
from tasks.scrape.politeness import USER_AGENT
from tasks.scrape.spider import AccountSpider

LARGEST_PAGE_BYTES = 10 * 1024 * 1024
PAGE_TIMEOUT_SECONDS = 60


class Speaker:
    """Writes messages to the run; safe from several threads."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._lock = threading.Lock()

    def say(self, message: Message) -> None:
        """Write one message as a line."""
        with self._lock:
            self._out.write(MESSAGE_JSON.dump_json(message) + b"\n")
            self._out.flush()


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
    threading.Thread(target=_end_with_run, daemon=True).start()
    speaker = Speaker(out)
    _log_to(speaker)
    process = CrawlerProcess(settings=_settings(order.politeness.delay_seconds), install_root_handler=False)
    crawler = process.create_crawler(AccountSpider)

    def bug(failure: Failure) -> None:
        speaker.say(Message("failed", failure="crashed", text=failure.getTraceback()))

    # Scrapy would log an error of the spider and end as if all were well.
    crawler.signals.connect(bug, signal=signals.spider_error, weak=False)
    process.crawl(crawler, order=order, say=speaker.say)
    process.start()
    speaker.say(Message("end"))


def _end_with_run() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def _log_to(speaker: Speaker) -> None:
    root = logging.getLogger()
    root.handlers[:] = [_LogToRun(speaker)]
    root.setLevel(logging.WARNING)
    logging.getLogger("tasks").setLevel(logging.INFO)


def _settings(delay_seconds: float) -> dict[str, object]:
    return {
        "USER_AGENT": USER_AGENT,
        "ROBOTSTXT_OBEY": True,
        "ROBOTSTXT_USER_AGENT": "likelens",
        "DOWNLOAD_DELAY": delay_seconds,
        # The delay is a promise to the host, not a mean around which to vary.
        "DOWNLOAD_DELAY_JITTER": 0,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "DOWNLOAD_TIMEOUT": PAGE_TIMEOUT_SECONDS,
        "DOWNLOAD_MAXSIZE": LARGEST_PAGE_BYTES,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOADER_MIDDLEWARES": {
            "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
            # Before the one that asks a host for its robots.txt.
            "tasks.scrape.politeness.OwnHostOnly": 50,
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
            "tasks.scrape.politeness.RobotsFirst": 100,
            "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
            "tasks.scrape.politeness.PoliteRetry": 550,
        },
        # A page without its pager is asked for again.
        "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
        "COOKIES_ENABLED": False,
        "METAREFRESH_ENABLED": False,
        "REDIRECT_MAX_TIMES": 5,
        "TELNETCONSOLE_ENABLED": False,
        # No server for remote control, and no statistics of its own: the run keeps the journal.
        "EXTENSIONS_BASE": {},
        "STATS_DUMP": False,
        "LOG_ENABLED": False,
    }


if __name__ == "__main__":
    main()
