"""Which of two readings of one value says more.

A site shows the same count as `12,438` in one place and as `12.4k` in another, and the same time as
`2017-05-25 02:31:09` or as `25 May 2017`. The coarser form does not replace the finer one, unless the two
contradict each other.
"""

from __future__ import annotations

from datetime import datetime, timedelta

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


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

    Zones lie a multiple of 15 minutes apart, so midnight in a zone is a quarter of an hour in UTC.
    """
    if now == before or now.second or now.microsecond or not now <= before < now + _DAY:
        return False
    return before - now < _MINUTE or now.minute % 15 == 0


def _unit(count: int) -> int:
    """The largest power of ten that divides a count."""
    unit = 1
    while count and count % (unit * 10) == 0:
        unit *= 10
    return unit
