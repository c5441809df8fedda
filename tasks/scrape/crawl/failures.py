"""What a request that went wrong means: Scrapy's and Twisted's errors, and HTTP statuses, as ours."""

from __future__ import annotations

from urllib.parse import urlsplit

from scrapy.exceptions import DownloadCancelledError, IgnoreRequest

from tasks.errors import (
    AccountNotFound,
    LayoutChanged,
    SourceRefused,
    SourceUnreachable,
    StageError,
)
from tasks.scrape.crawl.middlewares import LeadsAway, RobotsUnavailable


def failure_of(error: Exception, url: str) -> StageError:
    """The error that a request for `url` without an answer means."""
    host = urlsplit(url).netloc
    if isinstance(error, LeadsAway):
        return SourceRefused(f"{error} If the source has moved, set its new address in the settings.")
    if isinstance(error, RobotsUnavailable):
        return SourceUnreachable(f"{error} The next run tries again.")
    if isinstance(error, IgnoreRequest) and "robots.txt" in str(error):
        return SourceRefused(
            f"The robots.txt of {host} does not allow {url}. likelens obeys robots.txt; ask the site's owner"
            " for another way in."
        )
    if isinstance(error, DownloadCancelledError):
        return LayoutChanged(f"{url} is far larger than a page of posts can be.")
    if isinstance(error, IgnoreRequest):
        return LayoutChanged(f"{url} can't be a page of posts: {error}.")
    what = f"{type(error).__name__}: {str(error).strip()[:200]}"
    return SourceUnreachable(
        f"{host} can't be reached ({what}). Check the url and the network; the next run tries again."
    )


def status_failure(status: int, url: str) -> StageError:
    """The error that an HTTP status other than 200 means for a page."""
    host = urlsplit(url).netloc
    if status in (404, 410):
        return AccountNotFound(
            f"{url} does not exist (HTTP {status}). Check the account's name and the url in the settings."
        )
    if status in (401, 403, 429, 451):
        return SourceRefused(
            f"{host} refuses {url} (HTTP {status}). Wait, raise delay_seconds, or ask the site's owner before"
            " you run again."
        )
    return SourceUnreachable(
        f"{host} answers {url} with HTTP {status}. Check the url and the network; the next run tries again."
    )
