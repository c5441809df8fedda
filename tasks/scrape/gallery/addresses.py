"""Addresses on a page: made absolute, put together from templates, and kept on the site."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, urlsplit

from tasks.scrape.crawl.sending import sent_url
from tasks.urls import join, same_host

LONGEST = 4096
"""Characters of the longest address that is taken."""


def filled(template: str, **values: str) -> str:
    """A template with values in it; none of them can become more than one piece of a path or query."""
    for name, value in values.items():
        # The account comes out of an address and is quoted already.
        template = template.replace(f"{{{name}}}", value if name == "account" else quote(value, safe=""))
    return template


def base_url(url: str, base: str | None, template: str | None = None) -> str:
    """What relative addresses on the page `url` count from; `base` is the href of its `<base>`.

    A template that is a query alone, such as `?page={page}`, goes on from the page itself: its author counts
    from there, and not from a `<base>`.
    """
    if base is None or (template is not None and template.startswith("?")):
        return url
    try:
        return join(url, base)
    except ValueError:
        return url  # as browsers have it where the href is no web address


def absolute(base: str, address: str) -> str:
    """The web address that `address` means where relative ones count from `base`.

    It is as it was written, byte for byte. Raises `ValueError` where it is no web address.
    """
    if len(address) > LONGEST:
        raise ValueError(f"{address[:80]!r}… is too long for a web address")
    if _is_whole(address):
        return address
    return _origin(base) + address if _is_rooted(address) else join(base, address)


def same_site(url: str, base: str, address: str) -> str | None:
    """The absolute address, as it is requested, where it is on the host and port of the page `url`, else None.

    https may follow http.
    """
    try:
        link = sent_url(join(base, address))
        return link if same_host(sent_url(url), link) and len(link) <= LONGEST else None
    except ValueError:
        return None


# Most addresses do not need the care of `join`, which takes longer.
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
