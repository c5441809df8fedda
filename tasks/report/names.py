"""Cleaning and shortening of external names (labels, accounts, captions), before they are drawn and shown.

This is not only for looks. vl-convert ends the process if a text has a character that XML forbids, takes minutes for
a text of a million characters, and fails if Vega's `labelLimit` splits an emoji.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from tasks.report.character_widths import WIDTHS

# Characters that XML forbids or that can't be encoded, and marks that change the direction of the text after them.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")

# Many accents on one letter cover the lines above and below. No language needs more than three.
_ACCENT = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_STACKED_ACCENTS = re.compile(f"({_ACCENT}{{3}}){_ACCENT}+")

SEPARATOR = "  ·  "
"""Between two phrases on one line."""

_MAX_CHARACTERS = 2000
_EMOJI, _OTHER = 1.25, 0.75
"""Width of an emoji, and of a letter of a script that is not in `WIDTHS`, in their widest usual fonts."""


def clean(text: str) -> str:
    """`text` on one line, without control characters, direction marks and stacked accents."""
    words = _FORBIDDEN.sub("", " ".join(text.split())).split()
    return _STACKED_ACCENTS.sub(r"\1", " ".join(words))


def shorten(text: str, ems: float) -> str:
    """`text` cleaned and, if it is wider than `ems` (multiples of the font size), shortened with an ellipsis."""
    # First a limit on characters, because a huge name takes long to measure, and stacked accents have no width.
    cleaned = clean(text[:_MAX_CHARACTERS])
    short = cleaned[: int(ems * 8)]
    if len(text) <= _MAX_CHARACTERS and short == cleaned and width(cleaned) <= ems:
        return cleaned
    while short and width(short) + 1.0 > ems:
        short = short[:-1]
    return short.rstrip() + "…"


def width(text: str) -> float:
    """Width of `text` in Helvetica or Arial, in multiples of the font size; in scripts that these lack, about its largest.

    The charts have places for their texts by it, because a viewer's fonts are unknown when a chart is drawn.
    """
    return sum(map(_character_width, text))


def wrap(phrases: Iterable[str], ems: float, *, apart: bool = False) -> list[str]:
    """The phrases on lines that are at most `ems` wide, if their words are; a line ends between phrases if possible.

    If they are `apart`, each phrase begins a line.
    """
    lines: list[str] = []
    for phrase in phrases:
        if lines and not apart and width(lines[-1] + SEPARATOR + phrase) <= ems:
            lines[-1] += SEPARATOR + phrase
            continue
        lines.append("")
        for word in phrase.split():
            if lines[-1] and width(f"{lines[-1]} {word}") > ems:
                lines.append("")
            lines[-1] = f"{lines[-1]} {word}".lstrip()
    return lines


def _character_width(character: str) -> float:
    known = WIDTHS.get(character)
    if known is not None:
        return known
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0.0
    if ord(character) > 0xFFFF:
        return _EMOJI
    return 1.0 if unicodedata.east_asian_width(character) in ("W", "F") else _OTHER
