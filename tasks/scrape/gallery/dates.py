"""Dates as galleries write them, to times in UTC. A form that the profile does not name is no date."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator

from tasks.scrape.gallery.document import kind_of_json
from tasks.scrape.values.times import TimeOutOfRange, check_range, unix_time

LONGEST = 100
"""Characters that a date has at most."""
WORDS_FOR_FORMS = ("iso", "unix", "unix_ms")
_SAMPLE = datetime(2017, 5, 25, tzinfo=UTC)
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII
)
_SECONDS = re.compile(r"\d{1,17}(?:\.\d{1,9})?", re.ASCII)
_WORD = re.compile(r"[^\W\d_]+")
_PLAIN_FORMS = {
    "%Y-%m-%d": re.compile(r"\d{4}-\d\d-\d\d", re.ASCII),
    "%Y-%m-%d %H:%M:%S": re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII),
    "%Y-%m-%dT%H:%M:%S%z": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:?\d\d)", re.ASCII),
}
"""Forms of which most texts can be read ten times as fast as by strptime."""


def _reads_dates(form: str) -> str:
    if form in WORDS_FOR_FORMS:
        return form
    if "%Z" in form:
        raise ValueError(f"{form!r}: a zone's name says too little; use %z, or write the name as it stands")
    try:
        read = datetime.strptime(_SAMPLE.strftime(form), form).replace(tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"{form!r} is no form of a date as Python's strptime knows it: {error}") from error
    if read.date() != _SAMPLE.date():
        raise ValueError(f"{form!r} does not say day, month and year")
    return form


DateForm = Annotated[str, AfterValidator(_reads_dates)]


def date_reader(forms: Sequence[str], zone: tzinfo, months: Sequence[str]) -> Callable[[object], datetime]:
    """What reads dates of these forms, the first that fits.

    `months` has the twelve months' names in the site's language, each with its short forms after blanks.
    What is read raises `ValueError` where no form fits, or where the time lies before 2000 or in the future.
    """
    english = {name.casefold(): number for number, names in enumerate(months, 1) for name in names.split()}

    def read(found: object) -> datetime:
        if isinstance(found, bool) or not isinstance(found, (str, int, float)):
            raise ValueError(f"{kind_of_json(found)} is no date")  # noqa: TRY004 - a page's value is wrong, no type of ours
        plain = " ".join(str(found)[: LONGEST + 1].split())
        outside = ""
        for form in forms:
            if len(plain) <= LONGEST and (at := _read(plain, form, english)) is not None:
                try:
                    return check_range((at.replace(tzinfo=zone) if at.tzinfo is None else at).astimezone(UTC))
                except TimeOutOfRange as error:
                    outside = f" that lies between 2000 and tomorrow ({error})"
                except (OverflowError, ValueError):
                    continue
        raise ValueError(f"{plain[:40]!r} fits none of the profile's dates{outside}")

    return read


def _read(plain: str, form: str, english: dict[str, int]) -> datetime | None:
    if form in ("unix", "unix_ms"):
        try:
            return (
                unix_time(Decimal(plain) / (1 if form == "unix" else 1000))
                if _SECONDS.fullmatch(plain)
                else None
            )
        except ValueError:
            return None
    pattern = _ISO if form == "iso" else _PLAIN_FORMS.get(form)
    try:
        if pattern is not None and pattern.fullmatch(plain):
            return datetime.fromisoformat(plain)
        if form == "iso":
            return None
        return datetime.strptime(_in_english(plain, form, english), form)  # noqa: DTZ007 (the caller adds it)
    except ValueError:
        return None


def _in_english(plain: str, form: str, months: dict[str, int]) -> str:
    """The text with the site's names of months as strptime knows them."""
    if not months or ("%B" not in form and "%b" not in form):
        return plain

    def name(word: re.Match[str]) -> str:
        number = months.get(word[0].casefold())
        return (
            word[0]
            if number is None
            else _SAMPLE.replace(month=number).strftime("%B" if "%B" in form else "%b")
        )

    return _WORD.sub(name, plain)
