"""Counts as people write them, to integers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_WHOLE = re.compile(r"\d+|\d{1,3}(?:([,. ’'])\d{3})(?:\1\d{3})*")
_SHORT = re.compile(r"(\d+(?:[.,]\d+)?) ?([kmb])", re.IGNORECASE)
_SHORT_FACTORS = {"k": 1_000, "m": 1_000_000, "b": 1_000_000_000}


@dataclass(frozen=True, slots=True)
class Count:
    """A count; `exact` is False where the page had rounded it."""

    value: int
    exact: bool


def parse_count(text: str) -> Count:
    """Read `36044`, `36,044`, `36.0k` or `1.2m`. Raises `ValueError` for any other form: it is never 0."""
    plain = " ".join(text.split())
    if _WHOLE.fullmatch(plain):
        return Count(int(re.sub(r"\D", "", plain)), exact=True)
    if short := _SHORT.fullmatch(plain):
        number = Decimal(short[1].replace(",", "."))
        return Count(int(number * _SHORT_FACTORS[short[2].lower()]), exact=False)
    raise ValueError(f"{plain[:40]!r} is no count")
