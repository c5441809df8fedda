"""Planned times of posts, as `--at` and `[forecast] at` write them: a date and an hour, or the next weekday and hour."""

from __future__ import annotations

import re
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flows.errors import SettingsError
from flows.time_slices import WEEKDAYS

MAX_AHEAD = timedelta(days=366)
"""What an account usually gets a year from now is not known today."""
EXAMPLES = '"2026-12-01 18:00", "tuesday 18:00" or "18:00"'
_RECURRING = re.compile(
    r"(?:next\s+)?(?:(?P<day>mon|tue|wed|thu|fri|sat|sun)(?:day|sday|nesday|rsday|urday)?\s+)?"
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?",
    re.IGNORECASE | re.ASCII,
)


def check_recurring_time(text: str) -> str:
    """Return the text of a weekday and hour, or of an hour. Raises `ValueError` for another one."""
    if _recurring_parts(text) is None:
        raise ValueError(
            f'{text!r} is no weekday and hour; write it as "tuesday 18:00", or "18:00" for each day'
        )
    return text


def read_planned_time(text: str, zone: str, now: datetime) -> datetime:
    """The time in UTC that a text names, in this time zone unless it has one of its own.

    A weekday or an hour alone is the next such time after `now`. Raises `SettingsError` for a text that is no time, for
    one without an hour, and for a time that is past, more than a year away, or skipped by a change of the clock.
    """
    if (parts := _recurring_parts(text)) is not None:
        return _next_time(parts, ZoneInfo(zone), now)
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        raise _no_time(text) from None
    if time.year in (MINYEAR, MAXYEAR):
        raise _no_time(text)  # in another time zone it can be in a year that Python does not have
    if re.fullmatch(r"[\dW-]+", text.strip(), re.ASCII):
        raise SettingsError(
            f"{text!r} has no hour, which a forecast depends on. Write it as '{text.strip()} 18:00'."
        )
    if time.tzinfo is None:
        time = _in_zone(time, ZoneInfo(zone), text)
    time = time.astimezone(UTC)
    if time <= now:
        raise SettingsError(
            f"{text!r} is in the past: it is {now.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone}) now. A forecast is"
            " for a post that is not posted yet."
        )
    if time > now + MAX_AHEAD:
        raise SettingsError(
            f"{text!r} is more than a year away, and nobody knows what the account gets then. Name an earlier time."
        )
    return time


def _no_time(text: str) -> SettingsError:
    return SettingsError(f"{text!r} is no time. Write it as {EXAMPLES}.")


def _recurring_parts(text: str) -> tuple[int | None, int, int] | None:
    """Weekday (0 is Monday; None: each day), hour and minute."""
    found = _RECURRING.fullmatch(text.strip())
    if found is None or int(found["hour"]) > 23 or int(found["minute"] or 0) > 59:
        return None
    day = None if found["day"] is None else WEEKDAYS.index(found["day"].lower())
    return day, int(found["hour"]), int(found["minute"] or 0)


def _next_time(parts: tuple[int | None, int, int], zone: ZoneInfo, now: datetime) -> datetime:
    day, hour, minute = parts
    today = now.astimezone(zone).date()
    for ahead in range(15):  # two weeks, because a change of the clock can skip the first time
        date = today + timedelta(days=ahead)
        local = datetime(date.year, date.month, date.day, hour, minute, tzinfo=zone)
        time = local.astimezone(UTC)
        if day in (None, date.weekday()) and time > now and _exists(local, zone):
            return time
    raise AssertionError("every hour comes within two weeks")


def _in_zone(time: datetime, zone: ZoneInfo, text: str) -> datetime:
    local = time.replace(tzinfo=zone)
    if not _exists(local, zone):
        raise SettingsError(
            f"{text!r} does not exist in {zone.key}: the clock is put forward then. Name an hour later."
        )
    return local


def _exists(local: datetime, zone: ZoneInfo) -> bool:
    return local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)
