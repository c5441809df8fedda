"""The address of the next page of an account's statuses.

Mastodon sends it in the Link header; Pixelfed does not, so its next page is requested by `max_id`, the id of the
last status. Only the query of a Link is used: a page must not choose the host, and servers behind a proxy often
write another scheme or host there. The query is sent unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

QUERY = {"only_media": "true", "exclude_replies": "true", "exclude_reblogs": "true", "limit": "40"}
"""The query of a request; a page has at most 40 statuses."""
_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_NEXT = re.compile(r"""\brel\s*=\s*("[^"]*\bnext\b[^"]*"|'[^']*\bnext\b[^']*'|next\b)""", re.IGNORECASE)
MAX_QUERY = 2000


def next_pages(statuses_url: str, link: str | None, ids: Sequence[str]) -> tuple[str, ...]:
    """The addresses to try next, in order. `ids` are those of the page's statuses, in order.

    `statuses_url` has no query. A page without statuses is the last one, and so is one whose Link header names
    no next page.
    """
    if not ids:
        return ()
    by_id = _address(statuses_url, urlencode({"max_id": ids[-1]}))
    if not link:
        return (by_id,)
    query = _next_query(link)
    return () if query is None else (_address(statuses_url, query), by_id)


def ignores_max_id(url: str, ids: Sequence[str]) -> bool:
    """Whether a page that should begin after a status contains that status, as some servers' pages do."""
    return any(key == "max_id" and value in ids for key, value in parse_qsl(urlsplit(url).query))


def _address(statuses_url: str, query: str) -> str:
    named = {key for key, _ in parse_qsl(query, keep_blank_values=True)}
    ours = urlencode({key: value for key, value in QUERY.items() if key not in named})
    return f"{statuses_url}?{'&'.join(part for part in (ours, query) if part)}"


def _next_query(link: str) -> str | None:
    """The query of the header's next page, without a token; None where the header has no next page."""
    for match in _LINK.finditer(link):
        if _NEXT.search(match[2]):
            try:
                query = urlsplit(match[1].strip()).query
            except ValueError:
                continue
            return "&".join(part for part in query[:MAX_QUERY].split("&") if not _is_token(part))
    return None


def _is_token(part: str) -> bool:
    return any(key == "access_token" for key, _ in parse_qsl(part, keep_blank_values=True))
