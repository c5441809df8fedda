"""Where a page of an account's statuses leads on.

Mastodon says it in the header Link; Pixelfed says nothing, so the next page is asked for by `max_id`, the
id of the last status. Of a Link only the query is taken: whom we ask is not for a page to choose, and
servers behind a proxy often write another scheme or host there. The query is sent as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

WANTED = {"only_media": "true", "exclude_replies": "true", "exclude_reblogs": "true", "limit": "40"}
"""What we ask for; 40 is the most that a page may have."""
_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_NEXT = re.compile(r"""\brel\s*=\s*("[^"]*\bnext\b[^"]*"|'[^']*\bnext\b[^']*'|next\b)""", re.IGNORECASE)
MAX_QUERY = 2000


def next_pages(statuses_url: str, link: str | None, ids: Sequence[str]) -> tuple[str, ...]:
    """Addresses to go on at, the first one first. `ids` are those of the page's statuses, in order.

    `statuses_url` has no query. Without a status on the page it is the last one; so it is when the header
    Link is there and names no next page.
    """
    if not ids:
        return ()
    by_id = _address(statuses_url, urlencode({"max_id": ids[-1]}))
    if not link:
        return (by_id,)
    query = _next_query(link)
    return () if query is None else (_address(statuses_url, query), by_id)


def ignores_max_id(url: str, ids: Sequence[str]) -> bool:
    """Whether a page that should begin after a status has that status too, as some servers' pages do."""
    return any(key == "max_id" and value in ids for key, value in parse_qsl(urlsplit(url).query))


def _address(statuses_url: str, query: str) -> str:
    named = {key for key, _ in parse_qsl(query, keep_blank_values=True)}
    ours = urlencode({key: value for key, value in WANTED.items() if key not in named})
    return f"{statuses_url}?{'&'.join(part for part in (ours, query) if part)}"


def _next_query(link: str) -> str | None:
    """The query of the header's next page, without a token; None where it names none."""
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
