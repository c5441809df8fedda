"""Text and tables in Markdown: for the report as a file, and for Prefect's artifacts.

Prefect's pages render it also in cells of tables and in descriptions.

Text from strangers stays text: nothing in it becomes a link, loads a picture or ends a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

MAX_NAME = 120
"""Characters of a name: a label, a source, an account."""
MAX_TEXT = 2000
"""Characters of a message."""
_JOINERS = "\u200c\u200d"
# A page links addresses, mentions and numbers of issues by itself, and begins a list or a heading at the start of a line.
_SPECIAL = re.compile(
    r"[\\`*_\[\]<>#|~&@$^]|:(?=//)|(?<=www)\.|^[-+=]|(?<=^\d)[.)]|(?<=^\d\d)[.)]", re.IGNORECASE
)


def escape(text: str, limit: int = MAX_NAME) -> str:
    """The text on one line, as plain text in Markdown: at most `limit` characters of it, no control characters."""
    line = " ".join(text[: limit * 4].split())
    plain = "".join(character for character in line if character.isprintable() or character in _JOINERS)
    short = plain if len(plain) <= limit and len(text) <= limit * 4 else f"{plain[:limit].rstrip()}…"
    return escape_signs(short)


def escape_signs(line: str) -> str:
    """A line as it is, with the characters escaped that have a meaning in Markdown."""
    return _SPECIAL.sub(r"\\\g<0>", line)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> list[str]:
    """The lines of a table; its cells are Markdown. Columns with the indexes in `numbers` are at the right."""
    line = ["---:" if index in numbers else "---" for index in range(len(head))]
    return [f"| {' | '.join(cells)} |" for cells in (head, line, *rows)]


def code(text: str) -> str:
    """A path or a command."""
    return f"`{text.replace('`', '').replace('|', '')}`"
