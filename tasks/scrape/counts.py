"""Counts as people write them, to integers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_WHOLE = re.compile(r"\d+|\d{1,3}(?:([,. ’'])\d{3})(?:\1\d{3})*")
_SHORT = re.compile(r"(\d+(?:[.,]\d{1,2})?) ?([kmb])", re.IGNORECASE)
_SHORT_FACTORS = {"k": 1_000, "m": 1_000_000, "b": 1_000_000_000}
_LARGEST = 2**63 - 1
"""What the tables hold."""


@dataclass(frozen=True, slots=True)
class Count:
    """A count, and the smallest one that a page would round to it."""

    value: int
    least: int


def parse_count(text: str) -> Count:
    """Read `36044`, `36,044`, `36.0k` or `1.2m`. Raises `ValueError` for any other form: it is never 0."""
    plain = " ".join(text.split())
    if _WHOLE.fullmatch(plain):
        value = least = int(re.sub(r"\D", "", plain))
    elif short := _SHORT.fullmatch(plain):
        number = Decimal(short[1].replace(",", "."))
        half_of_last_digit = Decimal(5).scaleb(int(number.as_tuple().exponent) - 1)
        factor = _SHORT_FACTORS[short[2].lower()]
        value, least = int(number * factor), max(0, int((number - half_of_last_digit) * factor))
    else:
        raise ValueError(f"{plain[:40]!r} is no count")
    if value > _LARGEST:
        raise ValueError(f"{plain[:40]!r} is too large for a count")
    return Count(value, least)
