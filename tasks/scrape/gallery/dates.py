"""Read dates as galleries write them, to times in UTC. Only the forms that the profile names are dates."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator

from tasks.scrape.values.text import shown
from tasks.scrape.values.times import TimeOutOfRange, check_range, unix_time

MAX_CHARACTERS = 100
NAMED_FORMS = ("iso", "unix", "unix_ms")
_SAMPLE = datetime(2017, 5, 25, tzinfo=UTC)
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII
)
_SECONDS = re.compile(r"\d{1,17}(?:\.\d{1,9})?", re.ASCII)
_WORD = re.compile(r"[^\W\d_]+")
_FAST_FORMS = {
    "%Y-%m-%d": re.compile(r"\d{4}-\d\d-\d\d", re.ASCII),
    "%Y-%m-%d %H:%M:%S": re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII),
    "%Y-%m-%dT%H:%M:%S%z": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:?\d\d)", re.ASCII),
}
"""Forms that `fromisoformat` reads ten times as fast as `strptime`."""


def _check_form(form: str) -> str:
    if form in NAMED_FORMS:
        return form
    if "%Z" in form:
        raise ValueError(f"{form!r}: a zone's name is ambiguous; use %z, or write the name as plain text")
    try:
        read = datetime.strptime(_SAMPLE.strftime(form), form).replace(tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"{form!r} is not a date form of Python's strptime: {error}") from error
    if read.date() != _SAMPLE.date():
        raise ValueError(f"{form!r} does not have day, month and year")
    return form


DateForm = Annotated[str, AfterValidator(_check_form)]


def date_reader(forms: Sequence[str], zone: tzinfo, months: Sequence[str]) -> Callable[[object], datetime]:
    """Make a function that reads dates of these forms; the first form that fits counts.

    `months` has the twelve months' names in the site's language, each followed by its short forms. The
    function raises `ValueError` if no form fits, or if the time is before 2000 or in the future.
    """
    month_numbers = {
        name.casefold(): number for number, names in enumerate(months, 1) for name in names.split()
    }

    def read(found: object) -> datetime:
        if isinstance(found, bool) or not isinstance(found, (str, int, float)):
            raise ValueError(f"{shown(found)} is not a date")  # noqa: TRY004 - a wrong value on a page, not a wrong type
        plain = " ".join(str(found)[: MAX_CHARACTERS + 1].split())
        outside = ""
        for form in forms:
            if len(plain) <= MAX_CHARACTERS and (at := _read_form(plain, form, month_numbers)) is not None:
                try:
                    return check_range((at.replace(tzinfo=zone) if at.tzinfo is None else at).astimezone(UTC))
                except TimeOutOfRange as error:
                    outside = f" with a time between 2000 and tomorrow ({error})"
                except (OverflowError, ValueError):
                    continue
        raise ValueError(f"{plain[:40]!r} fits none of the profile's dates{outside}")

    return read


def _read_form(plain: str, form: str, month_numbers: dict[str, int]) -> datetime | None:
    pattern = _ISO if form == "iso" else _FAST_FORMS.get(form)
    try:
        if form in ("unix", "unix_ms"):
            seconds = Decimal(plain) / (1 if form == "unix" else 1000) if _SECONDS.fullmatch(plain) else None
            return None if seconds is None else unix_time(seconds)
        if pattern is not None and pattern.fullmatch(plain):
            return datetime.fromisoformat(plain)
        if form == "iso":
            return None
        return datetime.strptime(_in_english(plain, form, month_numbers), form)  # noqa: DTZ007 - the caller adds the zone
    except ValueError:
        return None


def _in_english(plain: str, form: str, month_numbers: dict[str, int]) -> str:
    """Replace the site's names of months by those that strptime reads."""
    if not month_numbers or ("%B" not in form and "%b" not in form):
        return plain

    def translate(word: re.Match[str]) -> str:
        number = month_numbers.get(word[0].casefold())
        if number is None:
            return word[0]
        return _SAMPLE.replace(month=number).strftime("%B" if "%B" in form else "%b")

    return _WORD.sub(translate, plain)
