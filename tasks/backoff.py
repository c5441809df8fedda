"""Pauses before another try: our own, which grow, and the ones that a host asks for."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def pause_seconds(tried: int, random_part: float) -> float:
    """Pause before try number `tried` + 1: 1, 2, 4, … s, of which up to half is left to chance (0 to 1)."""
    return float(2**tried) * (1.0 - 0.5 * random_part)


def asked_pause_seconds(header: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header (RFC 9110, 10.2.3: seconds or a date) asks for; None without one."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header.strip())
    try:
        return max(0.0, (parsedate_to_datetime(header) - now).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None


EPOCH_FROM_SECONDS = 1e9
"""A smaller number in a reset header can't be a time since 1970; it is a duration."""
EPOCH_FROM_MILLISECONDS = 1e12
MAX_RESET = 13
"""Digits of a time in milliseconds."""


def reset_pause_seconds(header: str | None, now: datetime) -> float | None:
    """Seconds until the time in an X-RateLimit-Reset header; None without one, or where it makes no sense.

    Mastodon writes an ISO date, other servers seconds since 1970 or seconds from now.
    """
    if header is None:
        return None
    text = header.strip()
    try:
        if text.isascii() and text.isdecimal():
            return _until(float(text), now) if len(text) <= MAX_RESET else None
        when = datetime.fromisoformat(text)
        when = when.replace(tzinfo=UTC) if when.tzinfo is None else when
        return max(0.0, (when - now).total_seconds())
    except (ValueError, OverflowError):
        return None


def _until(number: float, now: datetime) -> float:
    if number < EPOCH_FROM_SECONDS:
        return number
    seconds = number / 1000 if number >= EPOCH_FROM_MILLISECONDS else number
    return max(0.0, seconds - now.timestamp())
