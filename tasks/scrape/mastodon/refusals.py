"""The meaning of a server's error responses, and the wait that its rate limit requires.

Mastodon documents 300 requests in five minutes; X-RateLimit-Remaining has the number of requests left, and
X-RateLimit-Reset the time when the limit is renewed.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from tasks.backoff import reset_pause_seconds
from tasks.errors import AccountNotFound, BadToken, LayoutChanged, SourceRefused, StageError
from tasks.scrape.crawl.site_adapter import Response
from tasks.scrape.values.json_text import read_json
from tasks.scrape.values.text import quote

RESERVE = 100
"""One of so many requests of a limit is left unused, and at least one."""
MARGIN_SECONDS = 0.5
"""Added to each wait, for clock differences and reset times in full seconds."""


def refusal(response: Response, account: str, token_variable: str) -> StageError | None:
    """The error for a response with another status than 200; None where the status has its usual meaning.

    `token_variable` is the environment variable for the token.
    """
    server, message, status = urlsplit(response.url).netloc, _error_message(response.text), response.status
    reason = f"HTTP {status}" + (f": {message}" if message else "")
    words = message or ""
    if (missing := _missing(response, account, reason, words)) is not None:
        return AccountNotFound(missing)
    if status == 401 or (status == 403 and message is not None) or (status == 422 and "authent" in words):
        return _token(response, token_variable, reason)
    if status in (400, 422):
        return LayoutChanged(f"{server} rejects the request {response.url} ({reason}). Please report it.")
    if status == 429:
        return SourceRefused(
            f"{server} has no requests left for us now ({reason}). What was read is stored; the next run resumes."
        )
    return None


def _token(response: Response, variable: str, reason: str) -> BadToken:
    """The error where a token, or a better one, is required."""
    server, address = urlsplit(response.url).netloc, response.url.partition("?")[0]
    shows, also = "nothing", ""
    if address.endswith("/context"):
        shows, also = "no comments", ", or set comments = false under [scrape]"
    elif address.endswith("/statuses"):
        also = "; a private account also needs the token of one of its followers"
    return BadToken(
        f"{server} refuses the request ({reason}). If {variable} is set, it is wrong, expired or without the scope"
        " read: create a new one in the server's settings, under Development. If it is not set, this server"
        f" shows {shows} without a token: set it{also}."
    )


def _missing(response: Response, account: str, reason: str, message: str) -> str | None:
    """The message for an account or a post that does not exist; None for any other response."""
    server, status = urlsplit(response.url).netloc, response.status
    if response.url.partition("?")[0].endswith("/context") and status in (404, 410):
        return f"{server} no longer has that post ({reason})."
    if status == 410 or (status == 403 and "suspended" in message.lower()):
        return f"The account {account} on {server} is gone or suspended ({reason}). Remove the source."
    # Pixelfed returns 400 for an unknown account name.
    if status == 404 or (status == 400 and "not found" in message.lower()):
        return (
            f"{server} knows no account {account} ({reason}). Check the spelling; write an account of another"
            " server as name@other.server. Where the server is too old to look up names, give id."
        )
    return None


def pause_seconds(response: Response) -> float:
    """Seconds until the server's limit is renewed, where it is nearly used up; otherwise 0.

    Invalid headers are ignored. The server's own clock is used, where it sends the time.
    """
    remaining, limit = (
        _number(response.headers.get(f"x-ratelimit-{name}")) for name in ("remaining", "limit")
    )
    if remaining is None or remaining > max(1, (limit or 0) // RESERVE):
        return 0.0
    reset = response.headers.get("x-ratelimit-reset")
    try:
        seconds = reset_pause_seconds(reset, parsedate_to_datetime(response.headers["date"]))
    except (KeyError, ValueError, TypeError):
        seconds = reset_pause_seconds(reset, response.at)
    return seconds + MARGIN_SECONDS if seconds else 0.0


def _number(header: str | None) -> int | None:
    text = (header or "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _error_message(text: str) -> str | None:
    """The server's error message, which may be empty; None for a response that is not a JSON object."""
    try:
        fields = read_json(text)
    except ValueError:
        return None
    if not isinstance(fields, dict):
        return None
    quotes = (quote(fields.get(key)) for key in ("error_description", "error", "message"))
    return next((text for text in quotes if text), "")
