"""From the HTML of a status to plain text, as a person reads it.

Mastodon shortens the links that it shows by hiding parts of them; all of a link's text is kept, for that is
what the author wrote.
"""

from __future__ import annotations

import re
from html import unescape

from lxml import etree, html

from tasks.scrape.lines import KEPT, UNKEPT

BLOCKS = frozenset({"p", "div", "blockquote", "pre", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "hr"})
LINES = frozenset({"li", "tr"})
UNSEEN = frozenset({"script", "style", "template", "noscript", "iframe", "object", "head", "title"})
MAX_TAGS = 2000
"""Beyond so many, tags may be nested deeper than the parser goes; then they are cut out one by one."""
_TAG = re.compile(r"<[^<>]*>")
_BLANKS = re.compile(r"[ \t\r\n\f]+")


def plain_text(markup: str) -> str | None:
    """The text of an HTML fragment: paragraphs with an empty line between them; None where there is no text."""
    if markup.count("<") > MAX_TAGS:
        return _tidy(_BLANKS.sub(" ", unescape(_TAG.sub(" ", markup)))) or None
    parser = html.HTMLParser(remove_comments=True, remove_pis=True, huge_tree=True)
    document = html.document_fromstring(f"<div>{markup}</div>", parser=parser)
    parts: list[str] = []
    adapter, kept = etree.iterwalk(document, events=("start", "end")), 0
    for event, element in adapter:
        unseen = element.tag in UNSEEN
        if event == "start":
            kept += element.tag == "pre"
            parts.append(_break(element.tag))
            if unseen:
                adapter.skip_subtree()
            else:
                parts.append(_written(element.text or "", kept))
        else:
            kept -= element.tag == "pre"
            parts.append("\n\n" if element.tag in BLOCKS else "")
            parts.append(_written(element.tail or "", kept))
    return _tidy("".join(parts)) or None


def _written(text: str, kept: int) -> str:
    """A text with one blank for each run of blanks and newlines, but as it is inside of `kept` <pre>."""
    return text.strip("\r\n").translate(KEPT) if kept else _BLANKS.sub(" ", text)


def _break(tag: str) -> str:
    if tag in BLOCKS:
        return "\n\n"
    return "\n" if tag == "br" or tag in LINES else ""


def _tidy(text: str) -> str:
    lines = "\n".join(line.strip(" ") for line in re.sub(" +", " ", text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip().translate(UNKEPT)
