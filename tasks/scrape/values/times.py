"""Times of posts, comments and observations: one range and one reader for all sources.

No service with pictures, likes and comments is older than the year 2000, and nothing was posted or read
in the future. A value outside this range is in another unit, a zero, or a mistake; it is never stored.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime

from tasks.scrape.values.counts import MIN_INEXACT, InexactFloat
from tasks.scrape.values.text import shown

MIN_TIME = datetime(2000, 1, 1, tzinfo=UTC)
MAX_FUTURE = timedelta(days=1)
"""A time may lie this far in the future: clocks differ, and a time without a zone may be in any zone."""
MAX_CHARACTERS = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = (1, 1_000, 1_000_000, 1_000_000_000)
"""Seconds, milliseconds, microseconds and nanoseconds: for years from 2000 on their ranges do not overlap."""
_MIN_TOO_LARGE = 10**25
_SERIALS = range(30_000, 70_000)
"""Day numbers of spreadsheets: 1982 to 2091 counted from 1900, 1986 to 2095 counted from 1904."""
_SPREADSHEETS = ((1900, 2), (1904, 0))
"""The year from which spreadsheets count days, and the days to subtract: they begin at 1, and have a 29 February 1900."""

_NUMBER = re.compile(r"-?\d{1,25}(?:\.\d*)?", re.ASCII)
_ISO_PARTS = re.compile(
    r"(\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}\.\d{1,2}\.\d{4}|\d{4}-W\d\d-\d|\d{8}(?=T))"
    r"(?:(?:[T\s]\s*|,\s*)(\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?|\d{4}(?:\d\d)?))?"
    r"\s*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?(?:\s+UTC|\[[\w/+-]+\])?",
    re.ASCII | re.IGNORECASE,
)
_MAIL = re.compile(
    r"(?:[a-z]{3},\s*)?\d{1,2} [a-z]{3} [1-9]\d{3} \d\d:\d\d(?::\d\d)? (?:GMT|UTC?|Z|[+-]\d{4})",
    re.ASCII | re.IGNORECASE,
)
"""RFC 2822: `Wed, 01 May 2024 18:20:00 +0000`."""
_TWITTER = re.compile(
    r"\A[a-z]{3} ([a-z]{3}) (\d\d) (\d\d:\d\d:\d\d) ([+-]\d{4}) (\d{4})\Z", re.ASCII | re.IGNORECASE
)
"""`Wed May 01 18:20:00 +0000 2024`: the same parts in another order."""
_TWO_DAYS = re.compile(r"\d{1,2}[/-]\d{1,2}[/-](?:\d{4}|\d\d)\b.*|\d{1,2}\.\d{1,2}\.\d\d\b(?!\d).*", re.ASCII)
_ZONE_NAME = re.compile(r".*\d\d:\d\d.*\s\(?[A-Z][A-Za-z_]+(?:/[A-Za-z_]+)*\)?", re.ASCII)
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?e\+?\d+", re.ASCII | re.IGNORECASE)
_WRITE = "write ISO 8601, as 2024-05-01T18:20:00Z, or Unix seconds"


class TimeOutOfRange(ValueError):
    """A time before 2000, or in the future."""


def is_future(when: datetime) -> bool:
    """Whether a time lies more than a day ahead."""
    return when > datetime.now(UTC) + MAX_FUTURE


def check_range(when: datetime) -> datetime:
    """Return the time. Raises `TimeOutOfRange` where no post can have been made or read then."""
    if when < MIN_TIME:
        raise TimeOutOfRange(f"{when:%Y-%m-%d %H:%M} lies before {MIN_TIME.year}; no post is that old")
    if is_future(when):
        raise TimeOutOfRange(f"{when:%Y-%m-%d %H:%M} lies in the future")
    return when


def unix_time(seconds: float | Decimal) -> datetime:
    """Unix seconds as a time in UTC. Raises `ValueError` where they lie out of the range."""
    try:
        return check_range(_EPOCH + timedelta(microseconds=round(seconds * 1_000_000)))
    except (ArithmeticError, ValueError) as error:
        # The errors of timedelta name no value.
        why = str(error) if isinstance(error, ValueError) else "out of range"
        raise ValueError(f"{str(seconds)[:40]} is not a Unix time in seconds ({why})") from None


def read_time(value: object) -> datetime:
    """The time, in UTC, in a value of JSON or in a table's cell; one without a zone is UTC.

    Reads ISO 8601, also with `/` between year, month and day; `1.5.2024` (day first, which points imply); Unix
    seconds, milliseconds, microseconds and nanoseconds, whose ranges do not overlap; `20240501` and `20240501182000`;
    and the formats of e-mail and of Twitter. Raises `ValueError` with the format to write for any other, among them
    `5/6/2024`, which may be two days, and a spreadsheet's day number.
    """
    if isinstance(value, datetime | date):
        return check_range(_utc(value if isinstance(value, datetime) else datetime.combine(value, time())))
    if isinstance(value, str):
        plain = " ".join(value[: MAX_CHARACTERS + 1].split())
        if len(plain) > MAX_CHARACTERS:
            raise ValueError(f"{shown(plain)} is not a time; {_WRITE}")
        return _of_number(Decimal(plain), plain) if _NUMBER.fullmatch(plain) else check_range(_of_text(plain))
    if not isinstance(value, bool) and isinstance(value, int | float | Decimal):
        number: float | Decimal = value
        is_finite = isinstance(number, int) or math.isfinite(number)
        if isinstance(value, InexactFloat) or not is_finite or not -_MIN_TOO_LARGE < number < _MIN_TOO_LARGE:
            raise ValueError(f"{shown(value)} is not a time: it is not exact, or too large; {_WRITE}")
        return _of_number(Decimal(str(value)), str(value))
    raise ValueError(f"{shown(value)} is not a time; {_WRITE}")


def _of_number(number: Decimal, text: str) -> datetime:
    digits = str(int(number)) if number == int(number) else ""
    form = {8: "%Y%m%d", 14: "%Y%m%d%H%M%S"}.get(len(digits))
    try:
        if form is not None and number < MIN_INEXACT:
            return check_range(datetime.strptime(digits, form).replace(tzinfo=UTC))
    except ValueError:
        pass
    for unit in _UNITS:
        if MIN_TIME.timestamp() <= number / unit <= (datetime.now(UTC) + MAX_FUTURE).timestamp():
            return unix_time(number / unit)
    if int(number) in _SERIALS:
        early, late = (
            date(year, 1, 1) + timedelta(days=int(number) - skipped) for year, skipped in _SPREADSHEETS
        )
        raise ValueError(
            f"{text[:40]} is not a time: it looks like a spreadsheet's number of days, {early:%Y-%m-%d} or {late:%Y-%m-%d};"
            " format its column as yyyy-mm-dd hh:mm:ss and export it again"
        )
    raise ValueError(f"{text[:40]} is not a Unix time between {MIN_TIME.year} and tomorrow; {_WRITE}")


def _of_text(plain: str) -> datetime:
    if plain[4:5] == plain[7:8] == "-" and plain[10:11] in ("", "T", " "):
        try:
            return _utc(datetime.fromisoformat(plain))
        except (ValueError, OverflowError):
            pass
    try:
        if found := _ISO_PARTS.fullmatch(plain):
            return _joined(found[1], found[2], found[3])
        mail = _TWITTER.sub(r"\2 \1 \5 \3 \4", plain)
        if _MAIL.fullmatch(mail):
            return _utc(parsedate_to_datetime(mail))
    except (ValueError, OverflowError):
        raise ValueError(f"{shown(plain)} is not a time; {_WRITE}") from None
    raise ValueError(f"{shown(plain)} is not a time{_hint(plain)}; {_WRITE}")


def _joined(day: str, clock: str | None, zone: str | None) -> datetime:
    if "." in day:
        day = "-".join(reversed(day.split(".")))
    if "-" in (plain := day.replace("/", "-")) and "W" not in plain.upper():
        year, month, of_month = (int(part) for part in plain.split("-"))
        plain = f"{year:04}-{month:02}-{of_month:02}"
    clock = f"0{clock}" if clock and clock[1] == ":" else clock
    offset = "" if zone is None else "+00:00" if zone.upper() in ("Z", "UTC", "UT", "GMT") else zone
    return _utc(datetime.fromisoformat(f"{plain}T{clock or '00:00'}{offset}"))


def _hint(plain: str) -> str:
    if _TWO_DAYS.fullmatch(plain):
        return ": it may be several days, depending on who wrote it; put the year first, with four digits"
    if _ROUNDED.fullmatch(plain):
        return ": a spreadsheet has rounded it; export it again with all digits"
    if _ZONE_NAME.fullmatch(plain):
        return ": a zone's name may be several zones; write the hours from UTC, as +02:00"
    return ""


def _utc(when: datetime) -> datetime:
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
