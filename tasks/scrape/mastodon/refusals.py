"""What a server's other answers mean, and how long its limit wants us to wait.

By Mastodon's documentation 300 requests in five minutes are allowed; X-RateLimit-Remaining says how many
are left, and X-RateLimit-Reset when there are new ones.
"""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from tasks.backoff import reset_pause_seconds
from tasks.errors import AccountNotFound, BadToken, LayoutChanged, SourceRefused, StageError
from tasks.scrape.crawl.response_values import told
from tasks.scrape.crawl.site_adapter import Response

RESERVE = 100
"""One of so many requests of a limit is left unused, and one at least."""
MARGIN_SECONDS = 0.5
"""Waited on top, for clocks and reset times that are whole seconds."""


def refusal(answer: Response, account: str, token_variable: str) -> StageError | None:
    """What an answer with another status than 200 means; None for what it usually means.

    `token_variable` is the environment variable that has the token, or should have it.
    """
    server, said, status = urlsplit(answer.url).netloc, _said(answer.text), answer.status
    why = f"HTTP {status}" + (f": {said}" if said else "")
    if (missing := _missing(answer, account, why, said or "")) is not None:
        return AccountNotFound(missing)
    if status == 401 or (status == 403 and said is not None) or (status == 422 and "authent" in (said or "")):
        return _token(answer, token_variable, why)
    if status in (400, 422):
        return LayoutChanged(f"{server} does not understand {answer.url} ({why}). Please report it.")
    if status == 429:
        return SourceRefused(
            f"{server} has no requests left for us now ({why}). What was read is kept; the next run goes on."
        )
    return None


def _token(answer: Response, variable: str, why: str) -> BadToken:
    """What a token would help with, or a better one."""
    server, address = urlsplit(answer.url).netloc, answer.url.partition("?")[0]
    shows, also = "nothing", ""
    if address.endswith("/context"):
        shows, also = "no comments", ", or set comments = false under [scrape]"
    elif address.endswith("/statuses"):
        also = "; a private account also needs the token of one of its followers"
    return BadToken(
        f"{server} does not answer us ({why}). If {variable} is set, it is wrong, expired or lacks the scope"
        " read: make a new one in the server's settings, under Development. If it is not set, this server"
        f" shows {shows} without a token: set it{also}."
    )


def _missing(answer: Response, account: str, why: str, said: str) -> str | None:
    """What is not there, in words; None where that is not what the answer says."""
    server, status = urlsplit(answer.url).netloc, answer.status
    if answer.url.partition("?")[0].endswith("/context") and status in (404, 410):
        return f"{server} no longer has that post ({why})."
    if status == 410 or (status == 403 and "suspended" in said.lower()):
        return f"The account {account} on {server} is gone or suspended ({why}). Remove the source."
    # Pixelfed answers 400 when it knows no account of that name.
    if status == 404 or (status == 400 and "not found" in said.lower()):
        return (
            f"{server} knows no account {account} ({why}). Check the spelling; write an account of another"
            " server as name@other.server. Where the server is too old to look up names, give id."
        )
    return None


def pause_seconds(answer: Response) -> float:
    """Seconds until the server's limit is renewed, where it is nearly spent; else 0.

    Headers that make no sense ask for nothing. The server's own clock counts, where it tells the time.
    """
    remaining, limit = (_number(answer.headers.get(f"x-ratelimit-{name}")) for name in ("remaining", "limit"))
    if remaining is None or remaining > max(1, (limit or 0) // RESERVE):
        return 0.0
    now = answer.at
    try:
        now = parsedate_to_datetime(answer.headers["date"])
        seconds = reset_pause_seconds(answer.headers.get("x-ratelimit-reset"), now)
    except (KeyError, ValueError, TypeError):
        seconds = reset_pause_seconds(answer.headers.get("x-ratelimit-reset"), answer.at)
    return seconds + MARGIN_SECONDS if seconds else 0.0


def _number(header: str | None) -> int | None:
    text = (header or "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _said(text: str) -> str | None:
    """What the server says in JSON about an error, perhaps nothing; None where it says no JSON."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    return next(
        (said for key in ("error_description", "error", "message") if (said := told(fields.get(key)))), ""
    )
