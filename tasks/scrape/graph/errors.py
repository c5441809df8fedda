"""The Graph API's error codes, as what a person should do.

Sources: Meta's pages on handling errors, rate limits and business discovery; the codes for an account that
can't be had are those that people report (110, or 24 or 100, with subcode 2207013).
"""

from __future__ import annotations

import json
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
from tasks.scrape.crawl.response_values import told
from tasks.scrape.crawl.site_adapter import Response
from tasks.scrape.graph.usage import regain_minutes

TOKEN_REFUSED = frozenset({102, 104, 190, 463, 467})
SPENT = frozenset({4, 9, 17, 32, 341, 613, *range(80000, 80015)})
SPENT_SECONDS = 3600.0
"""How long a used-up limit stands where no header says it: the limits are for the last hour."""
PASSING = frozenset({-1, 1, 2})
TOO_MUCH_CODES = frozenset({-2, -3})
"""Time-outs of requests for much data."""
TOO_MUCH = re.compile(
    r"reduce the amount of data|too much data|simpler query|tim(?:ed?|ing)[ -]?out", re.IGNORECASE
)
"""Words of errors, mostly with code 1 or 2 and HTTP 500, that end only with a smaller page."""
NO_PERMISSION = frozenset({3, 10, *range(200, 300)})
UNKNOWN_ACCOUNT = frozenset({24, 110})
UNKNOWN_ACCOUNT_SUBCODES = frozenset({2207006, 2207013})
OLD_VERSION = frozenset({12, 2635})
NO_SUCH_OBJECT_SUBCODE = 33
NO_QUERY = 2500
"""What can't be understood; also a request without any token."""
PERMISSIONS = "instagram_basic, instagram_manage_insights and pages_read_engagement"


@dataclass(frozen=True, slots=True)
class GraphError:
    """The object `error` of an answer."""

    code: int | None
    subcode: int | None
    message: str
    passing: bool

    @property
    def why(self) -> str:
        """Code and message, for a message of ours."""
        number = "no code" if self.code is None else f"code {self.code}"
        number += "" if self.subcode is None else f"/{self.subcode}"
        return f"{number}: {self.message}" if self.message else number


def error_in(text: str) -> GraphError | None:
    """The error that an answer's text holds; None where it holds none."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return error_of(fields) if isinstance(fields, dict) else None


def error_of(fields: Mapping[str, Any]) -> GraphError | None:
    """The error in an answer's object; None where it has none."""
    error = fields.get("error")
    if error is None or error is False:
        return None
    if not isinstance(error, dict):
        return GraphError(None, None, told(error) or "an error without words", passing=False)
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    return GraphError(code, subcode, told(error.get("message")), error.get("is_transient") is True)


def _number(value: Any) -> int | None:
    try:
        return int(str(value)[:20])
    except ValueError:
        return None


def is_spent(error: GraphError | None, status: int) -> bool:
    """Whether the app has no requests left."""
    return status == 429 or (error is not None and error.code in SPENT)


def is_too_much(error: GraphError | None) -> bool:
    """Whether the request asked for more data than Instagram gives at once."""
    if error is None or error.code in SPENT:
        return False
    return error.code in TOO_MUCH_CODES or TOO_MUCH.search(error.message) is not None


def meaning(error: GraphError, answer: Response, account: str, user_id: str) -> StageError:
    """The error of ours that one of theirs means."""
    code, why = error.code, error.why
    if code in TOKEN_REFUSED or (code == NO_QUERY and "access token" in error.message.lower()):
        return BadToken(
            f"Instagram does not take the token ({why}). It has expired, was revoked, or is misspelt: make a new"
            " long-lived one for your app and set INSTAGRAM_TOKEN."
        )
    if is_spent(error, answer.status):
        return SourceRefused(
            f"Instagram has no requests left for your app ({why}). Wait {_wait(answer)}; what was read is kept, and"
            " the next run goes on."
        )
    if error.subcode in UNKNOWN_ACCOUNT_SUBCODES or code in UNKNOWN_ACCOUNT:
        return AccountNotFound(
            f"Instagram shows no account {account} ({why}). Check the spelling; it must be a professional account"
            " (business or creator) without an age limit, for others can't be read this way."
        )
    if code in NO_PERMISSION:
        return BadToken(
            f"The token may not do this ({why}). Give your app the permissions {PERMISSIONS}, make a new token"
            " with them, and set INSTAGRAM_TOKEN."
        )
    return _setting(error, user_id) or _other(error, answer)


def _setting(error: GraphError, user_id: str) -> StageError | None:
    """What is wrong with the request itself; None where nothing is."""
    if error.code == 803 or (error.code == 100 and error.subcode == NO_SUCH_OBJECT_SUBCODE):
        return BadSource(
            f"Instagram knows no user_id {user_id}, or the token is not for it ({error.why}). Set user_id to the id of"
            " your own professional account, which begins with 1784, and make the token as its owner."
        )
    if error.code in OLD_VERSION:
        return BadSource(f"The Graph API no longer has this version ({error.why}). Set a newer api_version.")
    if error.code in (100, NO_QUERY):
        return LayoutChanged(
            f"The Graph API no longer knows what likelens asks for ({error.why}). Set api_version to one that does,"
            " such as the default, or report it. Nothing of this answer was stored."
        )
    return None


def _other(error: GraphError, answer: Response) -> StageError:
    if is_too_much(error):
        # The walk has asked for less and less before.
        return SourceRefused(
            f"Instagram does not give even one post at a time of this account from here on ({error.why}). The next"
            " run tries again. If it stays, report it to Meta: no setting can ask for less."
        )
    if error.code in PASSING or error.passing or answer.status >= 500:
        return SourceUnreachable(
            f"Instagram has a passing trouble ({error.why}). The next run tries again; if it stays, lower page_size."
        )
    return SourceRefused(
        f"Instagram refuses to answer (HTTP {answer.status}, {error.why}). Look the code up in Meta's documentation"
        " of the Graph API before you run again."
    )


def _wait(answer: Response) -> str:
    minutes = regain_minutes(answer.headers)
    return f"{minutes:.0f} minutes" if minutes else "an hour"
