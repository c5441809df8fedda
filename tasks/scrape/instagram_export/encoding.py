r"""Texts of an export, mended: Instagram writes the bytes of UTF-8 as if each were a character of Latin-1.

'é' stands there as `\u00c3\u00a9`. Some exports have some texts right, so each is mended only where that
gives a text.
"""

from __future__ import annotations

from typing import Any

from tasks.scrape.files.values import text_of


def mended(value: Any) -> str | None:
    """The text that its writer wrote; None where there is none."""
    if not isinstance(value, str):
        return None
    try:
        return text_of(value.encode("latin-1").decode("utf-8"))
    except UnicodeError:
        return text_of(value)
