"""Which of two readings of one value says more.

A site shows the same count as `12,438` in one place and as `12.4k` in another, and the same time as
`2017-05-25 02:31:09` or as `25 May 2017`. The coarser form does not replace the finer one, unless the two
contradict each other.
"""

from __future__ import annotations

from datetime import datetime, timedelta

_MINUTE = timedelta(minutes=1)
_BEFORE_DAY, _AFTER_DAY = timedelta(hours=14), timedelta(hours=36)
"""A day that a site writes in its own zone, taken for one in UTC, begins up to 14 hours later than it truly did, and
ends up to 12 hours earlier than it truly does: zones lie from UTC-12 to UTC+14."""


def is_coarser_count(now: int, least: int | None, before: int) -> bool:
    """Whether a rounded count says less than the stored count `before`, and fits it.

    `least` is the smallest count that the source shows as `now`; None: unknown, then the zeros at the end of
    `now` say how far it is rounded. A site may round or cut off, so up to one unit above `now` fits. Where
    `least` is `now` itself, as for `10k+`, every larger count fits.
    """
    if least is None and _unit(now) == 1:
        return False
    half = _unit(now) // 2 if least is None else now - least
    fits = now <= before if half == 0 else now - half <= before < now + 2 * half
    return fits and (half == 0 or _unit(before) < 2 * half)


def is_coarser_time(now: datetime, before: datetime) -> bool:
    """Whether `now` is `before` without its seconds, or without its time of day in some time zone.

    Sites write the day in one zone and the time in another, so a day fits a time near it too.
    """
    if now == before:
        return False
    if _may_be_day(now):
        return not _may_be_day(before) and now - _BEFORE_DAY <= before < now + _AFTER_DAY
    return _has_no_seconds(now) and now <= before < now + _MINUTE


def latest_time(at: datetime) -> datetime:
    """The latest time that a source may have written as `at`, which may have no seconds or no time of day."""
    if _may_be_day(at):
        return at + _AFTER_DAY
    return at + _MINUTE if _has_no_seconds(at) else at


def _may_be_day(at: datetime) -> bool:
    """Whether a time may be a day: zones lie a multiple of 15 minutes apart, so its midnight is a quarter in UTC."""
    return _has_no_seconds(at) and at.minute % 15 == 0


def _has_no_seconds(at: datetime) -> bool:
    return not at.second and not at.microsecond


def _unit(count: int) -> int:
    """The largest power of ten that divides a count."""
    unit = 1
    while count and count % (unit * 10) == 0:
        unit *= 10
    return unit
