"""When a failed picture is retried."""

from __future__ import annotations

from datetime import datetime, timedelta

from tasks.fetch.attempt import TRANSIENT, Reason
from warehouse.records.pending import RetrySchedule

MAX_RETRY_AFTER_HOURS = 24.0 * 7
"""The longest pause that a host can request: a mistake in a header must not lose a picture."""

_RARELY_BACK = (
    Reason.GONE, Reason.REFUSED, Reason.HTTP_ERROR, Reason.REDIRECTS,
    Reason.NOT_A_PICTURE, Reason.CORRUPT, Reason.UNSUPPORTED_FORMAT,
)  # fmt: skip
_NEVER_BACK = (Reason.TOO_LARGE, Reason.TOO_MANY_PIXELS, Reason.BAD_ADDRESS)

# Every run retries a transient failure. Pictures that rarely come back get a few tries with growing pauses:
# 20 hours, so that the next nightly run counts even if it starts some minutes earlier.
RETRY_SCHEDULES: dict[str, RetrySchedule] = {
    **dict.fromkeys(TRANSIENT, RetrySchedule(hours=0, tries=30)),
    **dict.fromkeys(_RARELY_BACK, RetrySchedule(hours=20, tries=3)),
    **dict.fromkeys(_NEVER_BACK, RetrySchedule(hours=0, tries=1)),
    # A refusal costs no request, and the settings may allow the host by now.
    Reason.PRIVATE_ADDRESS: RetrySchedule(hours=0, tries=1_000_000),
}


def next_try_at(reason: Reason, failures: int, last: datetime, retry_after: float | None) -> datetime | None:
    """When a picture is retried whose latest try failed at `last`; after `retry_after` seconds or later."""
    scheduled = RETRY_SCHEDULES[reason].next_try_at(failures, last)
    if scheduled is None or retry_after is None:
        return scheduled
    return max(scheduled, last + timedelta(seconds=min(retry_after, MAX_RETRY_AFTER_HOURS * 3600)))
