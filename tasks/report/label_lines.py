"""The complete name of a row, on as many lines as it needs."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from tasks.report.character_widths import WIDTHS
from tasks.report.chart_style import FONT, OTHER_SCRIPTS_FONT
from tasks.report.names import clean, width

MAX_CHARACTERS = 120
"""Longer names end in an ellipsis; none that a classifier gives is so long."""
NO_NAME = "(no name)"

_MAX_CLUSTER = 16
"""A family of four with skin tones has 11 characters."""
_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
# A text with marks of direction in it reads from right to left also where it begins with a bracket or has Latin words.
_FROM_RIGHT, _END = "\u2067", "\u2069"


def full_name(label: str) -> str:
    """The label on one line, complete up to `MAX_CHARACTERS`."""
    # No character of a cluster is lost alone, and a huge name takes long to split.
    parts = list(_clusters(clean(label[: 20 * MAX_CHARACTERS])))
    cut = len(parts) > MAX_CHARACTERS or len(label) > 20 * MAX_CHARACTERS
    return "".join(parts[:MAX_CHARACTERS]).rstrip() + "…" if cut else "".join(parts) or NO_NAME


def label_lines(name: str, ems: float) -> list[str]:
    """The name of `full_name` on lines that are at most `ems` wide (multiples of the font size).

    A line ends between words if possible, else between two characters as a reader sees them: no accent and no part of
    an emoji is separated. A line of a name in Arabic or Hebrew has marks around it that make it read from the right.
    """
    lines: list[str] = [""]
    for word in name.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if width(joined) <= ems:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        for part in _clusters(word):
            if lines[-1] and width(lines[-1] + part) > ems:
                lines.append("")
            lines[-1] += part
    if not _reads_from_right(name):
        return lines
    return [f"{_FROM_RIGHT}{line}{_END}" for line in lines]


def font_of(name: str) -> str:
    """The fonts for a name: the usual ones if these have all its characters."""
    return FONT if all(character in WIDTHS for character in name) else OTHER_SCRIPTS_FONT


def _clusters(text: str) -> Iterator[str]:
    """The characters of a text as a reader sees them; each has its accents, and an emoji its parts."""
    cluster = ""
    for character in text:
        if cluster and (len(cluster) == _MAX_CLUSTER or not _continues(cluster, character)):
            yield cluster
            cluster = ""
        cluster += character
    if cluster:
        yield cluster


def _continues(cluster: str, character: str) -> bool:
    if unicodedata.category(character) in ("Mn", "Me", "Mc", "Cf") or ord(character) in _SKIN_TONES:
        return True
    is_flag = len(cluster) == 1 and ord(cluster) in _FLAG_LETTERS and ord(character) in _FLAG_LETTERS
    return is_flag or cluster.endswith(_JOINER)


def _reads_from_right(text: str) -> bool:
    directions = (unicodedata.bidirectional(character) for character in text)
    return next((one for one in directions if one in ("L", "R", "AL")), "L") != "L"
