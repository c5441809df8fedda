"""Errors of `tasks.errors` for failed requests: from Scrapy's and Twisted's errors, and from HTTP statuses."""

from __future__ import annotations

from urllib.parse import urlsplit

from OpenSSL import SSL
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from service_identity import VerificationError

from tasks.errors import AccountNotFound, LayoutChanged, SourceRefused, SourceUnreachable, StageError
from tasks.scrape.crawl.middlewares import LeadsAway, RobotsUnavailable

NO_TLS = ("wrong version number", "unknown protocol", "http request", "record layer failure", "packet length")
"""OpenSSL's messages where the server does not use TLS."""


def failure_of(error: Exception, url: str) -> StageError:
    """The error for a request for `url` that got no response."""
    if isinstance(error, LeadsAway):
        return SourceRefused(f"{error} If the source has moved, set its new address in the settings.")
    if isinstance(error, RobotsUnavailable):
        return SourceUnreachable(f"{error} The next run retries.")
    if isinstance(error, IgnoreRequest):
        return _ignored(error, url)
    if isinstance(error, DownloadCancelledError):
        return LayoutChanged(f"{url} is far larger than a page of posts can be.")
    host = urlsplit(url).netloc
    return SourceUnreachable(f"{host} can't be reached: {_cause(error, url)} The next run retries.")


def _ignored(error: IgnoreRequest, url: str) -> StageError:
    """The error for a request that Scrapy dropped."""
    if "robots.txt" in str(error):
        return SourceRefused(
            f"The robots.txt of {urlsplit(url).netloc} does not allow {url}, and likelens obeys robots.txt. Ask the"
            " site's owner for another way to read it."
        )
    if "max redirections" in str(error):
        return SourceRefused(
            f"{url} redirects again and again, so no page came. Open it in a browser: some sites redirect visitors"
            " who have not logged in, others redirect an address that is no longer right."
        )
    return LayoutChanged(f"{url} can't be a page of posts: {error}.")


def _cause(error: Exception, url: str) -> str:
    """Why no response came, and what to check."""
    reason = _reason(error)
    text = _text_of(reason)
    if isinstance(error, CannotResolveHostError):
        host = urlsplit(url).hostname
        return (
            f"no address is known for the name {host} (DNS). Check its spelling, and this machine's network."
        )
    if isinstance(error, DownloadConnectionRefusedError):
        return "the connection was refused, so no server listens there now. Check the url and its port."
    if isinstance(error, DownloadTimeoutError):
        return f"no response came in time ({text}). Check the url and the network."
    if (cause := _tls_cause(reason, text)) is not None:
        return cause
    return f"the connection failed ({text.rstrip('.')}). Check the url and the network."


def _tls_cause(reason: BaseException, text: str) -> str | None:
    """Why no encrypted connection was made; None where the cause is another."""
    if isinstance(reason, VerificationError):
        return "its certificate is for another name, so no token was sent. Check the address."
    if "certificate" in text.lower():
        return (
            f"its certificate can't be trusted ({text}), so no token was sent. Check the address. Where the"
            " server is your own, set SSL_CERT_FILE to a file with its certificate."
        )
    if any(sign in text.lower() for sign in NO_TLS):
        return f"it does not use https there ({text}). Check whether the address begins with http:// or https://."
    return None


def _reason(error: Exception) -> BaseException:
    """Twisted's own error, which Scrapy's error has in a list of failures."""
    failures = getattr(error.__cause__, "reasons", None)
    return failures[-1].value if failures else error


def _text_of(reason: BaseException) -> str:
    """The text of an error; in OpenSSL's list of tuples, it is the last part of the last one."""
    text = str(reason)
    if isinstance(reason, SSL.Error) and reason.args and reason.args[0]:
        text = str(reason.args[0][-1][-1])
    return " ".join(text.split())[:200] or type(reason).__name__


def status_failure(status: int, url: str) -> StageError:
    """The error for a page with an HTTP status other than 200."""
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
        f"{host} responds to {url} with HTTP {status}. Check the url and the network; the next run retries."
    )
