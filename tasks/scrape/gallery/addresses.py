"""Addresses on a page: made absolute, put together from templates, and kept on the site."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, urljoin, urlsplit

LONGEST = 4096
"""Characters of the longest address that is taken."""


def filled(template: str, **values: str) -> str:
    """A template with values in it; none of them can become more than one piece of a path or query."""
    for name, value in values.items():
        # The account comes out of an address and is quoted already.
        template = template.replace(f"{{{name}}}", value if name == "account" else quote(value, safe=""))
    return template


def absolute(url: str, address: str) -> str:
    """The web address that `address` means on the page `url`. Raises `ValueError` where it is none."""
    if len(address) > LONGEST:
        raise ValueError(f"{address[:80]!r}… is too long for a web address")
    if _is_whole(address):
        return address
    joined = _origin(url) + address if _is_rooted(address) else urljoin(url, address)
    if not joined.startswith(("http://", "https://")) and urlsplit(joined).scheme not in ("http", "https"):
        raise ValueError(f"{joined[:80]!r} is not a web address")
    return joined


def same_site(url: str, address: str) -> str | None:
    """The absolute address where it is on the site of `url` (https may follow http), else None."""
    try:
        link = urljoin(url, address)
        here, there = urlsplit(url), urlsplit(link)
    except ValueError:
        return None
    same = there.netloc.lower() == here.netloc.lower() and there.scheme in (here.scheme, "https")
    return link if same and len(link) <= LONGEST else None


# `urljoin` is slow, and most addresses do not need its care.
_WHOLE = re.compile(r"https?://[A-Za-z0-9][^\s\[\]]*[^\s#?;\[\]]")
_ROOTED = re.compile(r"/(?!/)(?:[^\s.]|(?<!/)\.)*(?<![#?;])")


def _is_whole(address: str) -> bool:
    return address.isprintable() and _WHOLE.fullmatch(address) is not None


def _is_rooted(address: str) -> bool:
    return address.isprintable() and _ROOTED.fullmatch(address) is not None


@lru_cache(maxsize=8)
def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
