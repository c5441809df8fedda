"""When a failed picture is retried."""

from __future__ import annotations

from datetime import datetime, timedelta

from tasks.fetch.reasons import TRANSIENT, Reason
from warehouse.pending import RetrySchedule

MAX_RETRY_AFTER_HOURS = 24.0 * 7
"""The longest pause that a host can request: a mistake in a header must not lose a picture."""

# Every run retries a transient failure. Pictures that rarely come back get a few tries with growing pauses:
# 20 hours, so that the next nightly run counts even if it starts some minutes earlier.
RETRY_SCHEDULES: dict[str, RetrySchedule] = {
    **{reason: RetrySchedule(hours=0, tries=30) for reason in TRANSIENT},
    Reason.GONE: RetrySchedule(hours=20, tries=3),
    Reason.REFUSED: RetrySchedule(hours=20, tries=3),
    Reason.HTTP_ERROR: RetrySchedule(hours=20, tries=3),
    Reason.REDIRECTS: RetrySchedule(hours=20, tries=3),
    Reason.NOT_A_PICTURE: RetrySchedule(hours=20, tries=3),
    Reason.CORRUPT: RetrySchedule(hours=20, tries=3),
    Reason.UNSUPPORTED_FORMAT: RetrySchedule(hours=20, tries=3),
    Reason.TOO_LARGE: RetrySchedule(hours=0, tries=1),
    Reason.TOO_MANY_PIXELS: RetrySchedule(hours=0, tries=1),
    Reason.BAD_ADDRESS: RetrySchedule(hours=0, tries=1),
    # A refusal costs no request, and the settings may allow the host by now.
    Reason.PRIVATE_ADDRESS: RetrySchedule(hours=0, tries=1_000_000),
}


def next_try_at(reason: Reason, failures: int, last: datetime, retry_after: float | None) -> datetime | None:
    """When a picture is retried whose latest try failed at `last`; after `retry_after` seconds or later."""
    scheduled = RETRY_SCHEDULES[reason].next_try_at(failures, last)
    if scheduled is None or retry_after is None:
        return scheduled
    return max(scheduled, last + timedelta(seconds=min(retry_after, MAX_RETRY_AFTER_HOURS * 3600)))
