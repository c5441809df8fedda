"""Markdown of the artifacts: text from strangers stays text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tasks.report.names import shorten

MAX_EMS = 400.0
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&:@/])")


def escape(text: str, ems: float = MAX_EMS) -> str:
    """One line of plain text: shortened, without control characters, and nothing in it is Markdown, HTML or a link."""
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", shorten(text, ems))


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> list[str]:
    """The lines of a table; its cells are Markdown. Columns with the indexes in `numbers` are at the right."""
    line = ["---:" if index in numbers else "---" for index in range(len(head))]
    return [f"| {' | '.join(cells)} |" for cells in (head, line, *rows)]


def code(text: str) -> str:
    """A path or a command."""
    return f"`{text.replace('`', '')}`"
