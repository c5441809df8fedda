"""From elements of HTML to text with the line breaks that a browser shows.

- `<br>` is one line break; blanks and newlines of the source beside it go, as `nl2br` and editors write them
- blocks begin on a line of their own; between paragraphs there is an empty line
- runs of blanks are one blank; non-breaking spaces stay
- `<pre>` keeps its text as it is

A browser shows any other newline of the source as a blank, unless the site's style sheet keeps it (`pre-line`),
which sites do whose users type their captions. No page tells which; so a newline stays, but one that an
indentation follows, for that is the source's own layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree, html

PARAGRAPHS = frozenset(
    {"p", "blockquote", "pre", "ul", "ol", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "figure"}
)
LINES = frozenset(
    {"div", "li", "tr", "dt", "dd", "table", "section", "article", "header", "footer", "main", "aside"}
    | {"figcaption", "address", "details", "summary", "form", "fieldset", "nav"}
)
UNSEEN = frozenset({"script", "style", "template", "noscript", "iframe", "object", "head", "title"})
_BR, _LINE, _PARAGRAPH, _KEPT_NEWLINE, _KEPT_BLANK = "\ud800", "\ud801", "\ud802", "\ud803", "\ud804"
"""Marks in the text; halves of surrogate pairs, which no parsed page has."""
KEPT = str.maketrans({"\n": _KEPT_NEWLINE, " ": _KEPT_BLANK, "\t": _KEPT_BLANK * 4})
"""Puts marks in place of blanks and newlines that are to stay, as in `<pre>`."""
UNKEPT = str.maketrans({_KEPT_NEWLINE: "\n", _KEPT_BLANK: " "})
"""Puts them back."""
_HALVES = re.compile("[\ud800-\udfff]")
_BLANKS = re.compile(r"[ \t\f]{2,}|[\t\f]")
_INDENTED = re.compile(r"\n(?: {2,}|[ ]*\t)[ \t]*(?=\S)")
_AROUND_NEWLINE = re.compile(r" *\n *")
_BREAKS = re.compile(f"[ \n]*[{_BR}{_LINE}{_PARAGRAPH}][ \n{_BR}{_LINE}{_PARAGRAPH}]*", re.ASCII)
_IN_PRE = re.compile(f"(?<={_PARAGRAPH}){_KEPT_NEWLINE}|{_KEPT_NEWLINE}(?={_PARAGRAPH})")
_MARKUP = re.compile(r"<br\s*/?>|<p(?:\s[^<>]*)?>|</p>", re.IGNORECASE)
"""What shows that a text is HTML; people type a lone `<`, and `<3`, in plain text too."""


def text_with_lines(element: etree._Element) -> str:
    """The text of an element and of all within, as a person sees it."""
    if not len(element) and element.tag != "pre":
        return plain_lines(element.text or "")
    return _tidy("".join(_parts(element)))


def own_text(element: etree._Element) -> Iterator[str]:
    """The element's own texts, without those of elements within; `<br>` does not end one."""
    parts = [element.text or ""]
    for child in element:
        if child.tag == "br":
            parts.append(_BR)
        elif isinstance(child.tag, str):
            yield _tidy("".join(parts))
            parts = []
        parts.append(child.tail or "")
    yield _tidy("".join(parts))


def plain_lines(text: str) -> str:
    """A text without elements; its newlines stay, but for those of the source's layout."""
    if "\n" in text or "\t" in text or "  " in text or "\r" in text:
        return _tidy(text)
    return text


def text_of_markup(text: str) -> str:
    """The text that a text means which holds HTML, as an attribute or JSON may; any other stays as it is."""
    if _MARKUP.search(text) is None:
        return text
    parser = html.HTMLParser(remove_comments=True, remove_pis=True, encoding="utf-8")
    source = _HALVES.sub("\N{REPLACEMENT CHARACTER}", f"<div>{text}</div>").encode()
    try:
        return text_with_lines(html.document_fromstring(source, parser=parser))
    except etree.LxmlError:
        return text


def _parts(root: etree._Element) -> Iterator[str]:
    """The texts in the element, with marks where lines break."""
    adapter, kept = etree.iterwalk(root, events=("start", "end", "comment", "pi")), 0
    for event, element in adapter:
        tag = element.tag
        if event in ("start", "end"):
            yield _mark(tag)
            kept += (tag == "pre") * (1 if event == "start" else -1)
        if event == "start" and tag in UNSEEN:
            adapter.skip_subtree()
        elif event == "start":
            yield _written(element.text, kept)
        if event != "start" and element is not root:
            yield _written(element.tail, kept)
        if event == "start" and tag == "br":
            yield _BR


def _mark(tag: str) -> str:
    return _PARAGRAPH if tag in PARAGRAPHS else _LINE if tag in LINES else " " if tag in ("td", "th") else ""


def _written(text: str | None, kept: int) -> str:
    return "" if text is None else text.translate(KEPT) if kept else text


def _tidy(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _BLANKS.sub(" ", _INDENTED.sub(" ", text))
    text = _IN_PRE.sub("", _AROUND_NEWLINE.sub("\n", text))
    return _BREAKS.sub(_line_breaks, text).strip(" \n").translate(UNKEPT)


def _line_breaks(found: re.Match[str]) -> str:
    """The line breaks of marks beside one another; a block that begins where a line has just ended adds none."""
    breaks = 0
    for mark in found[0]:
        if mark == _BR or (mark in (_LINE, _PARAGRAPH) and not breaks):
            breaks += 1
        if mark == _PARAGRAPH:
            breaks = max(breaks, 2)
    return "\n" * breaks
