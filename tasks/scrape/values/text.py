"""Text that strangers wrote: as tables store it, as an id, and as a message shows it."""

from __future__ import annotations

import re

MAX_SHOWN = 60
"""Characters of a value in a message."""
MAX_QUOTED = 200
"""Characters of a server's own words in a message."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """The text in a form that every table and file can store: without NUL, and without halves of characters."""
    text = text.replace("\0", "")
    return text if text.isascii() else _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def text_of(value: object) -> str | None:
    """A text that can be stored; None for an empty one, and for a value that is not text."""
    text = clean(value) if isinstance(value, str) else ""
    return text if text.strip() else None


def identifier(value: object) -> str | None:
    """An id as text; some interfaces write ids as numbers. None for any other value."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return (text_of(value) or "").strip() or None


def quote(value: object) -> str:
    """A server's own words on one line, as a message quotes them. Empty for a value that is not text."""
    line = " ".join(clean(value[: 4 * MAX_QUOTED]).split()) if isinstance(value, str) else ""
    return line if len(line) <= MAX_QUOTED else line[:MAX_QUOTED] + "…"


def shown(value: object) -> str:
    """A value of JSON or of a table as a message shows it, shortened."""
    if isinstance(value, str):
        text = repr(clean(value[: MAX_SHOWN + 1]))
    elif isinstance(value, dict | list):
        text = "{…}" if isinstance(value, dict) else "[…]"
    elif isinstance(value, bool) or value is None:
        text = "null" if value is None else str(value).lower()
    else:
        # Python refuses to write out an integer with thousands of digits.
        text = "a huge number" if isinstance(value, int) and abs(value) >= 10**40 else str(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
