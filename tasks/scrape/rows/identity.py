"""Ids and names of accounts, which decide what belongs together: a damaged one is refused, never stored."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

from tasks.scrape.counts import EXACT, Inexact
from tasks.scrape.files.values import shown, text_of

MAX_ID = 512
_MAX_NUMBER = 10**40
_INVISIBLE = "\ufeff\u200b\u200e\u200f\u2060 \t\r\n"
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?e\+\d{1,3}|\d[.,]\d+e\d{1,3}", re.ASCII | re.IGNORECASE)
_POINT_ZERO = re.compile(r"(\d+)\.0", re.ASCII)
_FORMULA = re.compile(r'="([^"]*)"')
_NO_VALUE = frozenset({"nan", "NaN", "None", "null", "NULL", "N/A", "#N/A", "<NA>", "NaT"})
"""What programs write for no value. They are no ids; in lower case they may be names."""
_AS_TEXT = "write ids as texts, from the program that still has all their digits"


def identity_of(value: Any) -> str:
    """An id or an account's name.

    Reads whole numbers, and what spreadsheets and pandas make of them without loss: `="123"`, `'123`, `1903.0`.
    Raises `ValueError` for one that was rounded, or whose letters were lost.
    """
    plain = (
        _of_number(value)
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        else value
    )
    if not isinstance(plain, str):
        raise ValueError(f"{shown(value)} is no text; write it in quotes")  # noqa: TRY004 - pydantic gathers ValueErrors
    text = _unwrapped((text_of(plain) or "").strip().strip(_INVISIBLE))
    if not text or len(text) > MAX_ID:
        raise ValueError(f"{shown(value)} is no id; it is a text of 1 to {MAX_ID} characters")
    if "\ufffd" in text:
        raise ValueError(
            f"{shown(value)} is no id: some of its letters were lost; save the file as UTF-8, or set `encoding`"
        )
    if text in _NO_VALUE - {"nan", "null"}:
        raise ValueError(f"{shown(value)} is no id; it says that there is none")
    if _SCIENTIFIC.fullmatch(text):
        raise ValueError(f"{shown(value)} is no id: a spreadsheet has rounded it; {_AS_TEXT}")
    if whole := _POINT_ZERO.fullmatch(text):
        return _of_float(int(whole[1]), text)
    return text


def post_identity_of(value: Any) -> str:
    """The same of a post's or a comment's id, which is not called `nan` or `null` either."""
    text = identity_of(value)
    if text in _NO_VALUE:
        raise ValueError(f"{shown(value)} is no id; it says that there is none")
    return text


def _of_number(number: float | Decimal) -> Any:
    if isinstance(number, int):
        return str(number) if abs(number) < _MAX_NUMBER else number
    if not math.isfinite(number) or not -_MAX_NUMBER < number < _MAX_NUMBER or number % 1:
        return number
    return str(int(number)) if isinstance(number, Decimal) else _of_float(number, str(number))


def _of_float(number: float, shown_as: str) -> str:
    if abs(number) >= EXACT or isinstance(number, Inexact):
        raise ValueError(f"{shown_as} is no id: as a number with decimals it has lost digits; {_AS_TEXT}")
    return str(int(number))


def _unwrapped(text: str) -> str:
    if formula := _FORMULA.fullmatch(text):
        return formula[1].strip()
    return text[1:] if text[:1] == "'" and text[1:].isdigit() else text
