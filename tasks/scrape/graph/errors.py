"""The Graph API's error codes as errors that say what to do.

Sources: Meta's pages on handling errors, rate limits and business discovery; people report the codes for an
account that is not available (110, or 24 or 100, with subcode 2207013).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasks.errors import (
    AccountNotFound,
    BadSource,
    BadToken,
    LayoutChanged,
    SourceRefused,
    SourceUnreachable,
    StageError,
)
from tasks.scrape.crawl.site_adapter import Response
from tasks.scrape.graph.usage import regain_minutes
from tasks.scrape.values.json_text import read_object
from tasks.scrape.values.text import quote

TOKEN_REFUSED = frozenset({102, 104, 190, 463, 467})
LIMIT_CODES = frozenset({4, 9, 17, 32, 341, 613, *range(80000, 80015)})
LIMIT_SECONDS = 3600.0
"""How long a used-up limit lasts where no header says so: the limits are for the last hour."""
TEMPORARY = frozenset({-1, 1, 2})
TOO_MUCH_CODES = frozenset({-2, -3})
"""Timeouts of requests for too much data."""
TOO_MUCH = re.compile(
    r"reduce the amount of data|too much data|simpler query|tim(?:ed?|ing)[ -]?out", re.IGNORECASE
)
"""Words of errors, mostly with code 1 or 2 and HTTP 500, that only a smaller page avoids."""
NO_PERMISSION = frozenset({3, 10, *range(200, 300)})
UNKNOWN_ACCOUNT = frozenset({24, 110})
UNKNOWN_ACCOUNT_SUBCODES = frozenset({2207006, 2207013})
OLD_VERSION = frozenset({12, 2635})
NO_SUCH_OBJECT_SUBCODE = 33
NO_QUERY = 2500
"""A request that Instagram can't parse, or one without a token."""
PERMISSIONS = "instagram_basic, instagram_manage_insights and pages_read_engagement"


@dataclass(frozen=True, slots=True)
class GraphError:
    """The object `error` of a response."""

    code: int | None
    subcode: int | None
    message: str
    is_temporary: bool

    @property
    def reason(self) -> str:
        """Code and message."""
        number = "no code" if self.code is None else f"code {self.code}"
        number += "" if self.subcode is None else f"/{self.subcode}"
        return f"{number}: {self.message}" if self.message else number


def error_in(text: str) -> GraphError | None:
    """The error in a response's text; None where there is none."""
    # Pages of posts are large, and need not be parsed for this.
    return error_of(read_object(text)) if '"error"' in text else None


def error_of(fields: Mapping[str, Any]) -> GraphError | None:
    """The error in a response's object; None where there is none."""
    error = fields.get("error")
    if error is None or error is False:
        return None
    if not isinstance(error, dict):
        return GraphError(None, None, quote(error) or "an error without a message", is_temporary=False)
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    return GraphError(code, subcode, quote(error.get("message")), error.get("is_transient") is True)


def _number(value: Any) -> int | None:
    try:
        return int(str(value)[:20])
    except ValueError:
        return None


def is_limited(error: GraphError | None, status: int) -> bool:
    """Whether the app has no requests left."""
    return status == 429 or (error is not None and error.code in LIMIT_CODES)


def is_too_much(error: GraphError | None) -> bool:
    """Whether the request was for more data than Instagram returns at once."""
    if error is None or error.code in LIMIT_CODES:
        return False
    return error.code in TOO_MUCH_CODES or TOO_MUCH.search(error.message) is not None


def stage_error(error: GraphError, response: Response, account: str, user_id: str) -> StageError:
    """Our error for one of Instagram's."""
    code, reason = error.code, error.reason
    if code in TOKEN_REFUSED or (code == NO_QUERY and "access token" in error.message.lower()):
        return BadToken(
            f"Instagram rejects the token ({reason}). It has expired, was revoked, or is misspelt: create a new"
            " long-lived one for your app and set INSTAGRAM_TOKEN."
        )
    if is_limited(error, response.status):
        return SourceRefused(
            f"Instagram has no requests left for your app ({reason}). Wait {_wait(response)}; what was read is"
            " stored, and the next run resumes."
        )
    if error.subcode in UNKNOWN_ACCOUNT_SUBCODES or code in UNKNOWN_ACCOUNT:
        return AccountNotFound(
            f"Instagram shows no account {account} ({reason}). Check the spelling; it must be a professional account"
            " (business or creator) without an age limit; others can't be read this way."
        )
    if code in NO_PERMISSION:
        return BadToken(
            f"The token has no permission for this ({reason}). Give your app the permissions {PERMISSIONS}, create a"
            " new token with them, and set INSTAGRAM_TOKEN."
        )
    return _setting(error, user_id) or _other(error, response)


def _setting(error: GraphError, user_id: str) -> StageError | None:
    """The error where the request itself is wrong; otherwise None."""
    if error.code == 803 or (error.code == 100 and error.subcode == NO_SUCH_OBJECT_SUBCODE):
        return BadSource(
            f"Instagram knows no user_id {user_id}, or the token is not for it ({error.reason}). Set user_id to the id of"
            " your own professional account, which begins with 1784, and create the token as its owner."
        )
    if error.code in OLD_VERSION:
        return BadSource(
            f"The Graph API no longer has this version ({error.reason}). Set a newer api_version."
        )
    if error.code in (100, NO_QUERY):
        return LayoutChanged(
            f"The Graph API no longer has a field that likelens requests ({error.reason}). Set api_version to one that"
            " does, such as the default, or report it. Nothing of this response was stored."
        )
    return None


def _other(error: GraphError, response: Response) -> StageError:
    if is_too_much(error):
        # The crawl has requested smaller and smaller pages before.
        return SourceRefused(
            f"From here on, Instagram does not return even one post of this account at a time ({error.reason}). The"
            " next run retries. If the error stays, report it to Meta: no setting requests less."
        )
    if error.code in TEMPORARY or error.is_temporary or response.status >= 500:
        return SourceUnreachable(
            f"Instagram has a temporary problem ({error.reason}). The next run retries; if it stays, lower page_size."
        )
    return SourceRefused(
        f"Instagram refuses the request (HTTP {response.status}, {error.reason}). Look the code up in Meta's documentation"
        " of the Graph API before you run again."
    )


def _wait(response: Response) -> str:
    minutes = regain_minutes(response.headers)
    return f"{minutes:.0f} minutes" if minutes else "an hour"
