"""Addresses on a page: templates, absolute addresses, and the check that an address is on the site."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, urlsplit

from tasks.scrape.crawl.sending import request_url
from tasks.urls import join, same_host

MAX_URL_CHARACTERS = 4096
# Most addresses do not need `join`, which takes ten times as long.
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9][^\s\[\]]*[^\s#?;\[\]]")
_PLAIN_PATH = re.compile(r"/(?!/)(?:[^\s.]|(?<!/)\.)*(?<![#?;])")


def fill_template(template: str, **values: str) -> str:
    """Put values into a template, each quoted so that it stays one piece of a path or query."""
    for name, value in values.items():
        # The account is part of an address and is quoted already.
        template = template.replace(f"{{{name}}}", value if name == "account" else quote(value, safe=""))
    return template


def base_url(url: str, base: str | None, template: str | None = None) -> str:
    """The address to which relative addresses on the page `url` are resolved; `base` is the href of its `<base>`.

    A template that is only a query, such as `?page={page}`, is always resolved to the page itself.
    """
    if base is None or (template is not None and template.startswith("?")):
        return url
    try:
        return join(url, base)
    except ValueError:
        return url  # browsers ignore a base that is not a web address


def absolute(base: str, address: str) -> str:
    """Resolve an address to `base`, and leave it byte for byte as it was written.

    Raises `ValueError` if it is not a web address.
    """
    if len(address) > MAX_URL_CHARACTERS:
        raise ValueError(f"{address[:80]!r}… is too long for a web address")
    if address.isprintable():
        if _PLAIN_URL.fullmatch(address):
            return address
        if _PLAIN_PATH.fullmatch(address):
            return _origin(base) + address
    return join(base, address)


def same_site(url: str, base: str, address: str) -> str | None:
    """The absolute address, as it is requested, if it has the host and port of the page `url`; else None.

    https may follow http.
    """
    try:
        link = request_url(join(base, address))
        return link if same_host(request_url(url), link) and len(link) <= MAX_URL_CHARACTERS else None
    except ValueError:
        return None


@lru_cache(maxsize=8)
def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
