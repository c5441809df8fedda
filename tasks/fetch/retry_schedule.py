"""When a picture that could not be fetched is worth another try."""

from __future__ import annotations

from datetime import datetime, timedelta

from tasks.fetch.reasons import PASSING, Reason
from warehouse.pending import RetrySchedule

MAX_ASKED_HOURS = 24.0 * 7
"""A host's wish for a pause is noted up to this long: a slip in a header must not lose a picture."""

# The nightly run itself sets the pace for what may pass; what rarely comes back is asked a few times,
# with growing pauses (20 hours, so that a nightly run that starts some minutes earlier still counts).
PATIENCE: dict[str, RetrySchedule] = {
    **{reason: RetrySchedule(hours=0, tries=30) for reason in PASSING},
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
    # Costs no request, and the settings may have changed to allow the host.
    Reason.PRIVATE_ADDRESS: RetrySchedule(hours=0, tries=1_000_000),
}


def next_try_at(
    reason: Reason, failures: int, last: datetime, asked_seconds: float | None
) -> datetime | None:
    """When a picture whose latest try, at `last`, failed is tried again; a host may ask for a longer pause."""
    ours = PATIENCE[reason].next_try_at(failures, last)
    if ours is None or asked_seconds is None:
        return ours
    return max(ours, last + timedelta(seconds=min(asked_seconds, MAX_ASKED_HOURS * 3600)))
