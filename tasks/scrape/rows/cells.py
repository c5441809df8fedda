"""A text in a table's cell as the value that its field wants; an empty cell is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from tasks.scrape.counts import parse_count
from tasks.scrape.files.documents import Unreadable, parsed
from tasks.scrape.files.values import shown
from tasks.scrape.rows.checking import BadRow

_WHOLE = re.compile(r"(-?\d{1,30})(?:\.0+)?")
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d+)?")
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def from_text(cells: Mapping[str, str]) -> dict[str, Any]:
    """A row's values, by field, out of the texts of its cells. Raises `BadRow`."""
    values: dict[str, Any] = {}
    for field, text in cells.items():
        if not text.strip():
            continue
        if field in ("likes", "comments"):
            values |= _counted(field, text)
        else:
            values[field] = _READ.get(field, str)(text)
    return values


def from_column(field: str, value: Any) -> dict[str, Any]:
    """A row's values out of the value of a typed column: what one language writes for a missing or whole number is that.

    Raises `BadRow`, and `ArithmeticError` for a number without an end.
    """
    if isinstance(value, str):
        return from_text({field: value})
    if isinstance(value, float | Decimal):
        if value != value:  # noqa: PLR0124 - only NaN differs from itself
            return {}
        if field not in ("posted_at", "observed_at") and value == int(value):
            return {field: int(value)}
    if isinstance(value, list) and field == "pictures":
        return {field: [one for one in value if one is not None]}
    return {} if value is None else {field: value}


def _counted(field: str, text: str) -> dict[str, Any]:
    plain = text.strip()
    if whole := _WHOLE.fullmatch(plain):
        return {field: int(whole[1])}
    try:
        count = parse_count(plain)
    except ValueError as error:
        raise BadRow(field, str(error)) from None
    rounded = {f"{field}_rounded": True} if count.least != count.value else {}
    return {field: count.value, **rounded}


def _flag(field: str) -> Callable[[str], bool]:
    def read(text: str) -> bool:
        if (flag := _FLAGS.get(text.strip().casefold())) is None:
            raise BadRow(field, f"{shown(text)} is neither true nor false")
        return flag

    return read


def _time(text: str) -> Any:
    plain = text.strip()
    return float(plain) if _NUMBER.fullmatch(plain) and not _is_date(plain) else plain


def _is_date(plain: str) -> bool:
    """Eight digits, as 20240501, are a date, and no second of 1970."""
    try:
        return len(plain) == 8 and bool(datetime.strptime(plain, "%Y%m%d"))  # noqa: DTZ007 - only looked at
    except ValueError:
        return False


def _pictures(text: str) -> Any:
    return _json("pictures")(text) if text.lstrip().startswith("[") else text.split()


def _json(field: str) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return parsed(text)
        except Unreadable as error:
            raise BadRow(field, f"{shown(text)} {error}") from None

    return read


def _version(text: str) -> Any:
    return int(text) if _WHOLE.fullmatch(text.strip()) and "." not in text else text


_READ: dict[str, Callable[[str], Any]] = {
    "v": _version,
    "pinned": _flag("pinned"),
    "likes_hidden": _flag("likes_hidden"),
    "likes_rounded": _flag("likes_rounded"),
    "comments_rounded": _flag("comments_rounded"),
    "posted_at": _time,
    "observed_at": _time,
    "pictures": _pictures,
    "thread": _json("thread"),
}
