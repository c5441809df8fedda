"""Web addresses in values that strangers wrote. `tasks/urls.py` has the rules."""

from __future__ import annotations

from tasks.scrape.values.text import text_of
from tasks.urls import parse


def web_address(value: object) -> str | None:
    """The address in a value, without spaces around it; None unless it is http or https and has a host."""
    text = text_of(value)
    try:
        return None if text is None else str(parse(text))
    except ValueError:
        return None
