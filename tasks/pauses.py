"""Pauses before another try: our own, which grow, and the ones that a host asks for."""

from __future__ import annotations

from datetime import datetime
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
