"""Ids and account names, which decide what belongs together: a damaged one is rejected, never stored."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

from tasks.scrape.values.counts import MIN_INEXACT, InexactFloat
from tasks.scrape.values.text import shown, text_of

MAX_ID = 512
_MAX_NUMBER = 10**40
_INVISIBLE = "\ufeff\u200b\u200e\u200f\u2060 \t\r\n"
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?e\+\d{1,3}|\d[.,]\d+e\d{1,3}", re.ASCII | re.IGNORECASE)
_POINT_ZERO = re.compile(r"(\d+)\.0", re.ASCII)
_FORMULA = re.compile(r'="([^"]*)"')
_NO_VALUE = frozenset({"nan", "NaN", "None", "null", "NULL", "N/A", "#N/A", "<NA>", "NaT"})
"""Programs write these for no value. They are not ids; in lower case they may be names."""
_AS_TEXT = "write ids as text, from the program that still has all digits"


def read_identity(value: Any) -> str:
    """Read an id or an account name.

    Accepts whole numbers, and what spreadsheets and pandas write for them without loss: `="123"`, `'123`, `1903.0`.
    Raises `ValueError` for a rounded id, or one with lost letters.
    """
    plain = (
        _from_number(value)
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        else value
    )
    if not isinstance(plain, str):
        raise ValueError(f"{shown(value)} is not text; write it in quotes")  # noqa: TRY004 - pydantic gathers ValueErrors
    text = _unwrapped((text_of(plain) or "").strip().strip(_INVISIBLE))
    if not text or len(text) > MAX_ID:
        raise ValueError(f"{shown(value)} is not an id; an id is a text of 1 to {MAX_ID} characters")
    if "\ufffd" in text:
        raise ValueError(
            f"{shown(value)} is not an id: some letters were lost; save the file as UTF-8, or set `encoding`"
        )
    if text in _NO_VALUE - {"nan", "null"}:
        raise ValueError(f"{shown(value)} is not an id; it means that there is no value")
    if _SCIENTIFIC.fullmatch(text):
        raise ValueError(f"{shown(value)} is not an id: a spreadsheet has rounded it; {_AS_TEXT}")
    if match := _POINT_ZERO.fullmatch(text):
        return _from_float(int(match[1]), text)
    return text


def read_post_identity(value: Any) -> str:
    """Read the id of a post or a comment, which is not `nan` or `null` either."""
    text = read_identity(value)
    if text in _NO_VALUE:
        raise ValueError(f"{shown(value)} is not an id; it means that there is no value")
    return text


def _from_number(number: float | Decimal) -> Any:
    if isinstance(number, int):
        return str(number) if abs(number) < _MAX_NUMBER else number
    if not math.isfinite(number) or not -_MAX_NUMBER < number < _MAX_NUMBER or number % 1:
        return number
    return str(int(number)) if isinstance(number, Decimal) else _from_float(number, str(number))


def _from_float(number: float, text: str) -> str:
    if abs(number) >= MIN_INEXACT or isinstance(number, InexactFloat):
        raise ValueError(f"{text} is not an id: as a number with decimals it has lost digits; {_AS_TEXT}")
    return str(int(number))


def _unwrapped(text: str) -> str:
    if formula := _FORMULA.fullmatch(text):
        return formula[1].strip()
    return text[1:] if text[:1] == "'" and text[1:].isdigit() else text
