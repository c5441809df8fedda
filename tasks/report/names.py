"""Names that others chose (labels, accounts, captions), made fit to be drawn and shown.

This is more than looks. vl-convert ends the whole process when a text holds a character that XML
forbids, spends minutes on a text of a million characters, and fails where Vega's own `labelLimit`
cuts an emoji in two. So names are cleaned and cut here, before any chart sees them.
"""

from __future__ import annotations

import re
import unicodedata

# Forbidden in XML, or not encodable; and the marks that turn the direction of all text after them.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")

# Accents piled on one letter reach over the lines above and below; no language needs more than three.
_ACCENT = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_PILED = re.compile(f"({_ACCENT}{{3}}){_ACCENT}+")

_MEASURED = 2000
_NARROW = frozenset("fijlrtI.,:;'|!()[]{}/\\ -")
_WIDE = frozenset("mwMW@%")


def clean(text: str) -> str:
    """`text` on one line, without control characters, marks that reverse what follows and piled accents."""
    words = _UNFIT.sub("", " ".join(text.split())).split()
    return _PILED.sub(r"\1", " ".join(words))


def shorten(text: str, ems: float) -> str:
    """`text` cleaned and, where it is wider than `ems` (multiples of the font size), cut with an ellipsis."""
    # Cut by characters first: measuring a huge name takes long, and accents piled on a letter have no width.
    whole = clean(text[:_MEASURED])
    kept = whole[: int(ems * 8)]
    if len(text) <= _MEASURED and kept == whole and width(whole) <= ems:
        return whole
    while kept and width(kept) + 1.0 > ems:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def width(text: str) -> float:
    """About how wide `text` is in a plain sans-serif font, in multiples of the font size."""
    return sum(map(_character_width, text))


def _character_width(character: str) -> float:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(character) in ("W", "F") or ord(character) > 0xFFFF:
        return 1.1
    if character in _NARROW:
        return 0.33
    if character in _WIDE:
        return 0.88
    return 0.7 if character.isupper() else 0.56
