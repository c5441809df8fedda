"""The fields of a request: `business_discovery`, with a page of the account's media in it.

Source: Instagram's documentation of business discovery, version 25.0. A field that it does not offer for other
people's accounts, as `shortcode` or the texts of comments, makes the request fail, so it is not requested.
"""

from __future__ import annotations

import re

MEDIA = (
    "id,caption,comments_count,like_count,media_product_type,media_type,media_url,permalink,timestamp,"
    "children{media_url,media_type}"
)
_LIMIT = re.compile(r"\.limit\((\d+)\)")
_CURSOR = re.compile(r"[\w=+/.:|~-]{1,2000}")


def discovery(account: str, page_size: int, after: str | None = None) -> str:
    """The value of `fields`: the account's counts, and a page of its media, which begins after a cursor."""
    older = "" if after is None else f".after({after})"
    media = f"media{older}.limit({page_size}){{{MEDIA}}}"
    return f"business_discovery.username({account}){{followers_count,media_count,{media}}}"


def page_size_of(fields: str) -> int | None:
    """The number of media that a value of `fields` requests; None where it has none."""
    match = _LIMIT.search(fields)
    return None if match is None else int(match[1])


def with_page_size(fields: str, page_size: int) -> str:
    """The value of `fields` with another number of media."""
    return _LIMIT.sub(f".limit({page_size})", fields, count=1)


def is_cursor(value: object) -> bool:
    """Whether a value can be a cursor: it becomes part of the request, and must not change its other parts."""
    return isinstance(value, str) and _CURSOR.fullmatch(value) is not None
