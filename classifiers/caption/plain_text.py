"""A model's text as one clean sentence: no markup, no control characters, a limited length. It is hostile input."""

from __future__ import annotations

import html
import re
import unicodedata

MAX_CAPTION_LENGTH = 500
"""Characters of a stored caption."""
MAX_READ_LENGTH = 20_000
"""Characters of a text that are looked at."""
_HIDDEN = (("<script", "</script>"), ("<style", "</style>"), ("<!--", "-->"))
"""Elements whose content is no text."""
_TAG = re.compile(r"</?[A-Za-z!][^<>]{0,1000}>")
_MARKDOWN = re.compile(r"[*_`#]{2,}|`")
_QUOTES = "\"'“”„«»‘’ "
_CONTROLS = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Unicode categories of characters that show nothing, or that turn the direction of the text around them."""
_JOINERS = "\u200c\u200d"
"""Formatting characters that some scripts need within a word."""


def clean_line(text: str, length: int = MAX_CAPTION_LENGTH) -> str:
    """The text on one line, without HTML, Markdown marks and control characters, cut at a word's end."""
    text = html.unescape(text[:MAX_READ_LENGTH])
    for start, end in _HIDDEN:
        text = without_parts(text, start, end)
    text = _MARKDOWN.sub("", _TAG.sub(" ", text))
    text = unicodedata.normalize("NFC", "".join(map(_shown, text)))
    line = " ".join(text.split()).strip(_QUOTES)
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    at_word = cut.rsplit(" ", 1)[0] if " " in cut[length // 2 :] else cut
    return at_word.rstrip() + "…"


def without_parts(text: str, start: str, end: str) -> str:
    """The text without its parts from `start` to `end`, in any case; a part without an end goes to the text's end.

    Not a regular expression, because one takes hours on a text with thousands of starts and no end.
    """
    lowered, parts, position = text.lower(), [], 0
    if len(lowered) != len(text):  # a few letters get longer in lower case
        lowered = text
    while (found := lowered.find(start, position)) >= 0:
        parts.append(text[position:found])
        ending = lowered.find(end, found)
        if ending < 0:
            return " ".join(parts)
        position = ending + len(end)
    return " ".join([*parts, text[position:]])


def _shown(character: str) -> str:
    if unicodedata.category(character) in _CONTROLS and character not in _JOINERS:
        return " " if character.isspace() or unicodedata.category(character) == "Cc" else ""
    return character
