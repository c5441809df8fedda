"""Out of a JSON value: texts, counts and times, with a problem for each that can't be read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from tasks.scrape.counts import exact_value
from tasks.scrape.times import read_time

LARGEST = 2**63 - 1
"""What the tables hold."""
_SHOWN = 60
_SURROGATE = re.compile("[\ud800-\udfff]")


def at(value: Any, *path: str | int) -> Any:
    """What stands at a path of keys and places; None where nothing does."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def items(value: Any) -> list[Any]:
    """The entries of a list; none where it is no list."""
    return value if isinstance(value, list) else []


def text_of(value: Any) -> str | None:
    """A text that can be stored: None for an empty one; half a surrogate pair, which no UTF-8 has, is U+FFFD."""
    if not isinstance(value, str) or not value.strip():
        return None
    return _SURROGATE.sub("�", value) if _SURROGATE.search(value) else value


def web_address(value: Any) -> str | None:
    """An http or https address; None for all else."""
    address = text_of(value)
    try:
        parts = urlsplit(address or "")
        return address if parts.scheme in ("http", "https") and parts.hostname else None
    except ValueError:
        return None


def shown(value: Any) -> str:
    """A value as a message shows it, cut short."""
    told = repr(text_of(value) or value) if isinstance(value, str) else _plain(value)
    return told if len(told) <= _SHOWN else told[: _SHOWN - 1] + "…"


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return "{…}"
    if isinstance(value, list):
        return "[…]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    # Python refuses to write out an integer of thousands of digits.
    return "a huge number" if isinstance(value, int) and abs(value) > LARGEST else str(value)


class Fields:
    """Reads the fields of one thing; what can't be read is None, and a problem that says where."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.problems: list[str] = []
        self.unparsed: list[str] = []

    def count(self, name: str, values: Iterable[Any]) -> int | None:
        """The first of the values that is there, as a count."""
        value = next((value for value in values if value is not None), None)
        try:
            return None if value is None else exact_value(value)
        except ValueError as error:
            self.lost(name, str(error))
            return None

    def time(self, name: str, values: Iterable[Any]) -> datetime | None:
        """The first of the values that is there, as a time."""
        value = next((value for value in values if value is not None), None)
        try:
            return None if value is None else read_time(value)
        except ValueError as error:
            self.lost(name, str(error))
            return None

    def lost(self, name: str, why: str) -> None:
        """Note a field that could not be read."""
        self.problems.append(f"{self.where}: {name}: {why}")
        self.unparsed.append(name)
