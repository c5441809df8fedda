"""The crawl's own process: Scrapy reads one account and sends its pages to the run.

A Twisted reactor can't be started twice in a process, so each crawl gets a process of its own. `process.py`
starts it with the number of the connection's file descriptor.
"""

from __future__ import annotations

import logging
import sys
import threading
from multiprocessing.connection import Connection

from scrapy.crawler import CrawlerProcess

from tasks.scrape.crawl.messages import CrawlJob, Message, RunConnection
from tasks.scrape.crawl.middlewares import MAX_WAIT
from tasks.scrape.crawl.spider import AccountSpider
from tasks.user_agent import NAME

MAX_PAGE_BYTES = 10 * 1024 * 1024
PAGE_TIMEOUT_SECONDS = 60
MAX_DELAY_SECONDS = 60.0
"""The delay between requests to a slow host grows up to this."""


class _LogToRun(logging.Handler):
    def __init__(self, run: RunConnection) -> None:
        super().__init__()
        self.run = run

    def emit(self, record: logging.LogRecord) -> None:
        """Send our own log lines; Scrapy's would repeat the failures that the spider reports."""
        if record.name.startswith("tasks.") or record.levelno >= logging.CRITICAL:
            self.run.send(Message("log", level=record.levelno, text=record.getMessage()))


def main() -> None:
    """Do the job that comes over the connection, then end."""
    connection = Connection(int(sys.argv[1]))
    job = connection.recv()
    run = RunConnection(connection, job.secret)
    threading.Thread(target=run.receive, daemon=True).start()
    logging.basicConfig(handlers=[_LogToRun(run)], level=logging.WARNING, force=True)
    logging.getLogger("tasks").setLevel(logging.INFO)
    process = CrawlerProcess(settings=_settings(job), install_root_handler=False)
    process.crawl(process.create_crawler(AccountSpider), job=job, run=run)
    process.start()
    run.send(Message("end"))


def _settings(job: CrawlJob) -> dict[str, object]:
    politeness = job.politeness
    return {
        "USER_AGENT": politeness.user_agent,
        "ROBOTSTXT_OBEY": True,
        "ROBOTSTXT_USER_AGENT": NAME,
        "DOWNLOAD_DELAY": politeness.delay_seconds,
        # The delay is a promise to the host, not a mean value.
        "DOWNLOAD_DELAY_JITTER": 0,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        # Slower than the delay where the host is slow, never faster.
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": politeness.delay_seconds,
        # The pause is as long as the response took, and at least the delay.
        "AUTOTHROTTLE_TARGET_CONCURRENCY": 0.5,
        "AUTOTHROTTLE_MAX_DELAY": max(MAX_DELAY_SECONDS, politeness.delay_seconds),
        "DOWNLOAD_TIMEOUT": PAGE_TIMEOUT_SECONDS,
        "RETRY_TIMES": job.limits.max_retries,
        MAX_WAIT: job.limits.max_wait_seconds,
        # Scrapy accepts any certificate by default, so anyone on the way could read the token.
        "DOWNLOAD_VERIFY_CERTIFICATES": job.secret is not None,
        "DOWNLOAD_MAXSIZE": MAX_PAGE_BYTES,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_HANDLERS": dict.fromkeys(("http", "https"), "tasks.scrape.crawl.exact.ExactHandler"),
        "DOWNLOADER_MIDDLEWARES": {
            "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
            # Its import takes longer than all others together.
            "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": None,
            # Before the middleware that requests robots.txt.
            "tasks.scrape.crawl.middlewares.OwnHostOnly": 50,
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
            "tasks.scrape.crawl.middlewares.RobotsFirst": 100,
            "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
            "tasks.scrape.crawl.middlewares.PoliteRetry": 550,
            "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
            "tasks.scrape.crawl.exact.ExactRedirects": 600,
        },
        # A page without its pager is requested again.
        "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
        "COOKIES_ENABLED": False,
        "METAREFRESH_ENABLED": False,
        "REDIRECT_MAX_TIMES": 5,
        # No server for remote control, and no statistics of its own: the run keeps the journal.
        "EXTENSIONS_BASE": {"scrapy.extensions.throttle.AutoThrottle": 0},
        "STATS_DUMP": False,
        "LOG_ENABLED": False,
    }


if __name__ == "__main__":
    main()
