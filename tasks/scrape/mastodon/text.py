"""The HTML of a status as plain text, as a person reads it.

Mastodon hides parts of long links; this text has the complete link, because its author wrote it.
"""

from __future__ import annotations

import re
from html import unescape

from lxml import etree, html

from tasks.scrape.values.markup import FROM_PRE, INVISIBLE, TO_PRE

BLOCKS = frozenset({"p", "div", "blockquote", "pre", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "hr"})
LINES = frozenset({"li", "tr"})
MAX_TAGS = 2000
"""With more tags, nesting may exceed the parser's limit; then tags are removed one by one."""
_TAG = re.compile(r"<[^<>]*>")
_SPACES = re.compile(r"[ \t\r\n\f]+")


def plain_text(markup: str) -> str | None:
    """The text of an HTML fragment, with an empty line between paragraphs; None where there is no text."""
    if markup.count("<") > MAX_TAGS:
        return _tidy(_SPACES.sub(" ", unescape(_TAG.sub(" ", markup)))) or None
    parser = html.HTMLParser(remove_comments=True, remove_pis=True, huge_tree=True)
    document = html.document_fromstring(f"<div>{markup}</div>", parser=parser)
    parts: list[str] = []
    walker, pre = etree.iterwalk(document, events=("start", "end")), 0
    for event, element in walker:
        invisible = element.tag in INVISIBLE
        if event == "start":
            pre += element.tag == "pre"
            parts.append(_break(element.tag))
            if invisible:
                walker.skip_subtree()
            else:
                parts.append(_text(element.text or "", pre))
        else:
            pre -= element.tag == "pre"
            parts.append("\n\n" if element.tag in BLOCKS else "")
            parts.append(_text(element.tail or "", pre))
    return _tidy("".join(parts)) or None


def _text(text: str, pre: int) -> str:
    """The text with runs of spaces and newlines as one space; unchanged inside <pre>."""
    return text.strip("\r\n").translate(TO_PRE) if pre else _SPACES.sub(" ", text)


def _break(tag: str) -> str:
    if tag in BLOCKS:
        return "\n\n"
    return "\n" if tag == "br" or tag in LINES else ""


def _tidy(text: str) -> str:
    lines = "\n".join(line.strip(" ") for line in re.sub(" +", " ", text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip().translate(FROM_PRE)
