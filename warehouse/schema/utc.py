"""Times between Python and DuckDB: aware UTC times here, UTC times without a zone there."""

from __future__ import annotations

from datetime import UTC, datetime


def as_utc(moment: datetime) -> datetime:
    """The same moment with the time zone UTC. A moment without a zone, as DuckDB returns it, is in UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def without_zone(moment: datetime) -> datetime:
    """The same moment in UTC and without a zone, as the views' timestamps are."""
    return as_utc(moment).replace(tzinfo=None)
