"""Pauses before a retry: our own, which grow, and those that a host requests."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def pause_seconds(tried: int, random_part: float) -> float:
    """Pause after `tried` retries: 1, 2, 4, … seconds, less up to half of it by `random_part` (0 to 1)."""
    return float(2**tried) * (1.0 - 0.5 * random_part)


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """The pause in a Retry-After header (RFC 9110, 10.2.3: seconds or a date); None without a readable one."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header.strip())
    try:
        return max(0.0, (parsedate_to_datetime(header) - now).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None


EPOCH_FROM_SECONDS = 1e9
"""A smaller number in a reset header is a duration, not a time since 1970."""
EPOCH_FROM_MILLISECONDS = 1e12
MAX_RESET_DIGITS = 13
"""The digits of a time in milliseconds."""


def reset_pause_seconds(header: str | None, now: datetime) -> float | None:
    """Seconds until the time in an X-RateLimit-Reset header; None without a readable one.

    Mastodon sends an ISO date, other servers send seconds since 1970 or seconds from now.
    """
    if header is None:
        return None
    text = header.strip()
    try:
        if text.isascii() and text.isdecimal():
            return _seconds_until(float(text), now) if len(text) <= MAX_RESET_DIGITS else None
        when = datetime.fromisoformat(text)
        when = when.replace(tzinfo=UTC) if when.tzinfo is None else when
        return max(0.0, (when - now).total_seconds())
    except (ValueError, OverflowError):
        return None


def _seconds_until(number: float, now: datetime) -> float:
    if number < EPOCH_FROM_SECONDS:
        return number
    seconds = number / 1000 if number >= EPOCH_FROM_MILLISECONDS else number
    return max(0.0, seconds - now.timestamp())
