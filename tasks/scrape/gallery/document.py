"""Parse a page, which may be broken or hostile: its elements, and the JSON in it.

The parser stops at 256 nested elements, so that a hostile page can't keep a selector busy for hours. A small
page is then parsed again with a limit of 2,048, for sites that omit end tags.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml import etree

from tasks.scrape.values.json_text import STRICT

MAX_DEEP_BYTES = 1_000_000
_TEXTS = etree.XPath("descendant::text() | descendant::br", smart_strings=False)
_BASES = etree.XPath("//base[not(ancestor::template | ancestor::noscript)]/@href", smart_strings=False)
"""Without those that a browser ignores because of the element around them."""
_WRAPPING = re.compile(r"\s*\ufeff?(?://\s*|/\*\s*)?(?:<!\[CDATA\[|<!--)?(?:\s*\*/)?\s*")
"""Comments that hid a script from old browsers."""
_LIMIT = re.compile("Excessive depth|Resource limit")
_CUT_OFF = "its elements are nested too deeply; the page was not read beyond the deepest of them"


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed page. `text` is its source; `cut_off` describes what could not be parsed."""

    root: etree._Element
    text: str
    cut_off: str = ""

    @property
    def is_json(self) -> bool:
        """Whether the page is JSON, not HTML; elements in it are then parts of its texts."""
        return self.text.lstrip()[:1] in ("{", "[")

    @property
    def base(self) -> str | None:
        """The href of the first `<base>` that has one, to which a browser resolves relative addresses."""
        if self.is_json:
            return None
        return next(iter(_BASES(self.root)), None)


def parse(text: str) -> Document:
    """Parse a page, however broken it is."""
    # The parser would end the page at a NUL.
    body = text.replace("\x00", "").strip().encode("utf-8", "replace") or b"<html/>"
    root, cut_off = _parse_tree(body, deep=False)
    if cut_off and len(body) <= MAX_DEEP_BYTES:
        root, cut_off = _parse_tree(body, deep=True)
    return Document(root, text, cut_off)


def _parse_tree(body: bytes, *, deep: bool) -> tuple[etree._Element, str]:
    parser = etree.HTMLParser(recover=True, encoding="utf8", huge_tree=deep, collect_ids=False)
    root = etree.fromstring(body, parser)
    if root is None:  # nothing but a comment
        root = etree.Element("html")
    is_cut_off = any(_LIMIT.match(error.message) for error in parser.error_log)
    return root, _CUT_OFF if is_cut_off else ""


def text_of(element: etree._Element) -> str:
    """The text of an element and its descendants; `<br>` is a line break."""
    if not len(element):
        return element.text or ""
    return "".join(part if isinstance(part, str) else "\n" for part in _TEXTS(element))


@lru_cache(maxsize=2)
def read_json(text: str) -> Any:
    """Read the JSON value at the start of a text; the rest is ignored. Raises `ValueError`.

    The last texts are cached, because several selectors read the same one.
    """
    try:
        return STRICT.raw_decode(_WRAPPING.sub("", str(text), count=1))[0]
    except RecursionError:
        raise ValueError("its JSON is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"no JSON: {error}") from error
