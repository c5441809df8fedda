"""Pages that someone saved: their text, and where they came from."""

from __future__ import annotations

import re
from pathlib import Path

from lxml import etree
from scrapy.http import HtmlResponse

from tasks.scrape.gallery.document import Document
from tasks.scrape.values.addresses import web_address
from tasks.urls import parse

MAX_BYTES = 10 * 1024 * 1024
"""As large as a page may be that is crawled."""
UNKNOWN_URL = "https://saved.example/"
"""Stands for the address of a page that does not say where it came from."""
_SAVED_FROM = re.compile(r"<!--\s*saved from url=\(\d+\)(\S+)\s*-->")
_CANONICAL = etree.XPath(
    "//link[@rel='canonical']/@href | //meta[@property='og:url']/@content", smart_strings=False
)


def read_saved(file: Path) -> str:
    """The text of a saved page, in whatever encoding it says. Raises `OSError`, or `ValueError` when it is too large."""
    with file.open("rb") as opened:
        body = opened.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise ValueError(f"it has more than {MAX_BYTES // 2**20} MB, which no page of a crawl may have")
    return HtmlResponse(UNKNOWN_URL, body=body).text


def stand_in(document: Document) -> str:
    """The address that stands for that of a page which names none: what its `<base>` says, if that is absolute."""
    try:
        return str(parse(document.base or ""))
    except ValueError:
        return UNKNOWN_URL


def saved_from(root: etree._Element, text: str) -> str | None:
    """The address that a page names as its own, as browsers and sites write it; None where it names none."""
    comment = _SAVED_FROM.search(text[:10_000])
    for url in ([comment[1]] if comment else []) + _CANONICAL(root):
        if (address := web_address(url)) is not None:
            return address
    return None
