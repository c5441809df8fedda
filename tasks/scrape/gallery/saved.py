"""Saved pages: their text, and the address that they came from."""

from __future__ import annotations

import re
from pathlib import Path

from lxml import etree
from scrapy.http import HtmlResponse

from tasks.scrape.gallery.document import Document
from tasks.scrape.values.addresses import web_address

MAX_BYTES = 10 * 1024 * 1024
"""The limit for a crawled page."""
UNKNOWN_URL = "https://saved.example/"
"""Used for a page that does not name its address."""
_SAVED_FROM = re.compile(r"<!--\s*saved from url=\(\d+\)(\S+)\s*-->")
_CANONICAL = etree.XPath(
    "//link[@rel='canonical']/@href | //meta[@property='og:url']/@content", smart_strings=False
)


def read_saved_page(file: Path) -> str:
    """Read a page in the encoding that it declares. Raises `OSError`, or `ValueError` if it is too large."""
    with file.open("rb") as opened:
        body = opened.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // 2**20} MB, the limit for a crawled page")
    return HtmlResponse(UNKNOWN_URL, body=body).text


def saved_page_url(document: Document) -> str | None:
    """The address that a page names as its own, as browsers and sites write it; None if it names none."""
    comment = _SAVED_FROM.search(document.text[:10_000])
    written = [*([comment[1]] if comment else []), *_CANONICAL(document.root)]
    return next((address for url in written if (address := web_address(url)) is not None), None)


def fallback_url(document: Document) -> str:
    """The address used for a page that names none: its `<base>`, if that is a web address."""
    return web_address(document.base) or UNKNOWN_URL
