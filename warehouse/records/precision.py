"""Which of two values of the same field is more precise.

A site shows the same count as `12,438` on one page and as `12.4k` on another, and the same time as
`2017-05-25 02:31:09` or as `25 May 2017`. The coarser form replaces the finer one only if they contradict each
other.
"""

from __future__ import annotations

from datetime import datetime, timedelta

_MINUTE = timedelta(minutes=1)
_BEFORE_DAY, _AFTER_DAY = timedelta(hours=14), timedelta(hours=36)
"""Time zones go from UTC-12 to UTC+14. So a day in a site's zone, read as a day in UTC, begins up to 14 hours too
late and ends up to 12 hours too early."""


def is_coarser_count(now: int, least: int | None, before: int) -> bool:
    """Whether a rounded count is less precise than the stored count `before`, and consistent with it.

    `least` is the smallest count that the source shows as `now`. If it is None, the zeros at the end of `now` give
    the unit of rounding. A site may round or truncate, so up to one unit above `now` is consistent. If `least` is
    `now` itself, as for `10k+`, every larger count is.
    """
    if least is None and _unit(now) == 1:
        return False
    half = _unit(now) // 2 if least is None else now - least
    fits = now <= before if half == 0 else now - half <= before < now + 2 * half
    return fits and (half == 0 or _unit(before) < 2 * half)


def is_coarser_time(now: datetime, before: datetime) -> bool:
    """Whether `now` is `before` without its seconds, or without its time of day in some time zone.

    Sites show the day in one zone and the time in another, so a day matches a time near it too.
    """
    if now == before:
        return False
    if _may_be_day(now):
        return not _may_be_day(before) and now - _BEFORE_DAY <= before < now + _AFTER_DAY
    return _has_no_seconds(now) and now <= before < now + _MINUTE


def latest_time(at: datetime) -> datetime:
    """The latest time that a source may show as `at`, which may have no seconds or no time of day."""
    if _may_be_day(at):
        return at + _AFTER_DAY
    return at + _MINUTE if _has_no_seconds(at) else at


def _may_be_day(at: datetime) -> bool:
    """Whether a time may be a day: zones differ by multiples of 15 minutes, so midnight in any zone is one in UTC."""
    return _has_no_seconds(at) and at.minute % 15 == 0


def _has_no_seconds(at: datetime) -> bool:
    return not at.second and not at.microsecond


def _unit(count: int) -> int:
    """The largest power of ten that divides a count."""
    unit = 1
    while count and count % (unit * 10) == 0:
        unit *= 10
    return unit
