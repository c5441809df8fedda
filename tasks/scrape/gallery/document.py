"""A page parsed: its elements, and the JSON in it. Whatever is in it was written by a stranger.

The parser gives up at 256 elements inside one another, which keeps selectors from taking hours on a page that
was made for that. A small page is then parsed again with 2,048, for a site that forgets its end tags.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml import etree

from tasks.scrape.values.json_text import STRICT

SMALL_BYTES = 1_000_000
_TEXTS = etree.XPath("descendant::text() | descendant::br", smart_strings=False)
_WRAPPING = re.compile(r"\s*\ufeff?(?://\s*|/\*\s*)?(?:<!\[CDATA\[|<!--)?(?:\s*\*/)?\s*")
"""How scripts once hid their text from browsers that knew none."""
_LIMIT = re.compile("Excessive depth|Resource limit")
_CUT_OFF = "its elements stand too deeply inside one another; what follows the deepest of them was not read"


@dataclass(frozen=True, slots=True)
class Document:
    """A page; `cut_off` says in words what of it could not be parsed. `text` is its source."""

    root: etree._Element
    text: str
    cut_off: str = ""

    @property
    def is_json(self) -> bool:
        """Whether it is JSON and no HTML; what looks like an element stands in one of its texts."""
        return self.text.lstrip()[:1] in ("{", "[")

    @property
    def base(self) -> str | None:
        """The href of the first `<base>` that has one, from which a browser counts relative addresses."""
        if self.is_json:
            return None
        found = (element.get("href") for element in self.root.iter("base") if not _is_inert(element))
        return next((href for href in found if href is not None), None)


def parse(text: str) -> Document:
    """Parse a page, however broken it is."""
    # The parser would end the page at a NUL.
    body = text.replace("\x00", "").strip().encode("utf-8", "replace") or b"<html/>"
    root, errors = _tree(body, deep=False)
    if errors and len(body) <= SMALL_BYTES:
        root, errors = _tree(body, deep=True)
    return Document(root, text, errors)


def _tree(body: bytes, *, deep: bool) -> tuple[etree._Element, str]:
    parser = etree.HTMLParser(recover=True, encoding="utf8", huge_tree=deep, collect_ids=False)
    root = etree.fromstring(body, parser)
    if root is None:  # nothing but a comment
        root = etree.Element("html")
    limits = [error.message for error in parser.error_log if _LIMIT.match(error.message)]
    return root, _CUT_OFF if limits else ""


def _is_inert(element: etree._Element) -> bool:
    """Whether an element stands where a browser shows nothing and obeys nothing."""
    return next(element.iterancestors("template", "noscript"), None) is not None


def text_of(element: etree._Element) -> str:
    """The text of an element and all within; `<br>` is a line break."""
    if not len(element):
        return element.text or ""
    return "".join(part if isinstance(part, str) else "\n" for part in _TEXTS(element))


@lru_cache(maxsize=2)
def read_json(text: str) -> Any:
    """The JSON value that a text begins with; what follows it does not matter. Raises `ValueError`.

    The last texts are kept, for several places look into the same one.
    """
    try:
        return STRICT.raw_decode(_WRAPPING.sub("", str(text), count=1))[0]
    except RecursionError:
        raise ValueError("its JSON is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"no JSON: {error}") from error


def kind_of_json(value: object) -> str:
    """What a JSON value is, in words; what is in an object or array may be endless."""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "an array"
    return str(value)[:40]
