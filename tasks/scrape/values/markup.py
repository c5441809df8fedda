"""HTML as text with the line breaks that a browser shows.

- `<br>` is one line break; spaces and newlines beside it are dropped, as `nl2br` and editors write them
- blocks begin on a new line; an empty line separates paragraphs
- runs of spaces become one space; non-breaking spaces stay
- `<pre>` preserves its text

A browser shows any other newline of the source as a space, unless the site's style sheet preserves it (`pre-line`),
as sites do where users type captions. No page tells which, so a newline stays, except before an
indentation, which is the source's own layout.
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
INVISIBLE = frozenset({"script", "style", "template", "noscript", "iframe", "object", "head", "title"})
_BR, _LINE, _PARAGRAPH, _PRE_NEWLINE, _PRE_SPACE = "\ud800", "\ud801", "\ud802", "\ud803", "\ud804"
"""Marks in the text: halves of surrogate pairs, which a parsed page never holds."""
TO_PRE = str.maketrans({"\n": _PRE_NEWLINE, " ": _PRE_SPACE, "\t": _PRE_SPACE * 4})
"""Replaces spaces and newlines of `<pre>` with marks."""
FROM_PRE = str.maketrans({_PRE_NEWLINE: "\n", _PRE_SPACE: " "})
"""Replaces the marks with spaces and newlines."""
_SURROGATES = re.compile("[\ud800-\udfff]")
_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPACES = re.compile(r"[ \t\f]{2,}|[\t\f]")
_INDENTED = re.compile(r"\n(?: {2,}|[ ]*\t)[ \t]*(?=\S)")
_AROUND_NEWLINE = re.compile(r" *\n *")
_BREAKS = re.compile(f"[ \n]*[{_BR}{_LINE}{_PARAGRAPH}][ \n{_BR}{_LINE}{_PARAGRAPH}]*", re.ASCII)
_IN_PRE = re.compile(f"(?<={_PARAGRAPH}){_PRE_NEWLINE}|{_PRE_NEWLINE}(?={_PARAGRAPH})")
_MARKUP = re.compile(r"<br\s*/?>|<p(?:\s[^<>]*)?>|</p>", re.IGNORECASE)
"""Shows that a text is HTML; people also type a lone `<`, and `<3`, in plain text."""


def text_with_lines(element: etree._Element) -> str:
    """The text of an element and its descendants, as a person sees it."""
    if not len(element) and element.tag != "pre":
        return plain_lines(element.text or "")
    return _tidy("".join(_parts(element)))


def own_text(element: etree._Element) -> Iterator[str]:
    """The element's own texts, without those of child elements; `<br>` does not end one."""
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
    """A text without elements; its newlines stay, except those of the source's layout."""
    if "\n" in text or "\t" in text or "  " in text or "\r" in text:
        return _tidy(text)
    return text


def without_control_characters(text: str) -> str:
    """The text without the characters that lxml refuses as the text of an element; its parser lets them through."""
    return _NO_XML.sub("", text)


def text_of_markup(text: str) -> str:
    """The text of an attribute or of JSON: HTML in it is rendered, and plain text is returned unchanged."""
    if _MARKUP.search(text) is None:
        return text
    parser = html.HTMLParser(remove_comments=True, remove_pis=True, encoding="utf-8")
    source = _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", f"<div>{text}</div>").encode()
    try:
        return text_with_lines(html.document_fromstring(source, parser=parser))
    except etree.LxmlError:
        return text


def _parts(root: etree._Element) -> Iterator[str]:
    """The texts in the element, with marks at line breaks."""
    walker, pre = etree.iterwalk(root, events=("start", "end", "comment", "pi")), 0
    for event, element in walker:
        tag = element.tag
        if event in ("start", "end"):
            yield _mark(tag)
            pre += (tag == "pre") * (1 if event == "start" else -1)
        if event == "start" and tag in INVISIBLE:
            walker.skip_subtree()
        elif event == "start":
            yield _text(element.text, pre)
        if event != "start" and element is not root:
            yield _text(element.tail, pre)
        if event == "start" and tag == "br":
            yield _BR


def _mark(tag: str) -> str:
    return _PARAGRAPH if tag in PARAGRAPHS else _LINE if tag in LINES else " " if tag in ("td", "th") else ""


def _text(text: str | None, pre: int) -> str:
    return "" if text is None else text.translate(TO_PRE) if pre else text


def _tidy(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _SPACES.sub(" ", _INDENTED.sub(" ", text))
    text = _IN_PRE.sub("", _AROUND_NEWLINE.sub("\n", text))
    return _BREAKS.sub(_line_breaks, text).strip(" \n").translate(FROM_PRE)


def _line_breaks(match: re.Match[str]) -> str:
    """The line breaks of adjacent marks; a block that begins at the start of a line adds none."""
    breaks = 0
    for mark in match[0]:
        if mark == _BR or (mark in (_LINE, _PARAGRAPH) and not breaks):
            breaks += 1
        if mark == _PARAGRAPH:
            breaks = max(breaks, 2)
    return "\n" * breaks
