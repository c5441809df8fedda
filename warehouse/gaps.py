"""Posts whose own page can't be read: how often it was tried, and from when on it is left alone.

One page that can't be read must not make every run incomplete for ever. After `ATTEMPTS` runs in a row that
requested it in vain it is a known gap: `likelens status` lists it, and it is requested again once a week.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from warehouse.lake import Lake
from warehouse.tables import Gap

ATTEMPTS = 3
"""Runs in a row that request a page in vain before it is a known gap."""
RETRY_AFTER = timedelta(days=7)
"""A known gap is requested again so long after its last attempt."""
MANY = 5
"""From so many known gaps of a source on …"""
MANY_SHARE = 0.1
"""… that are more than this share of its posts, the fault is the source's and not its single pages'."""

_OPEN = """from gaps left join threads using (source, post_id)
           where source = ? and (read_at is null or read_at < last_attempt_at)"""


def is_known_gap(gap: Gap | None) -> bool:
    """Whether the page was requested in vain often enough."""
    return gap is not None and gap.attempts >= ATTEMPTS


def is_retry_due(gap: Gap, now: datetime) -> bool:
    """Whether a page that could not be read is requested again: until it is a known gap, and then weekly."""
    return not is_known_gap(gap) or now >= gap.last_attempt_at + RETRY_AFTER


def open_gaps(lake: Lake, source: str, post_ids: Sequence[str]) -> dict[str, Gap]:
    """The gaps of these posts, by post: those whose page was not read since."""
    columns = ", ".join(f"gaps.{field.name}" for field in fields(Gap))
    with lake.reader() as reader:
        rows = reader.execute(
            f"select {columns} {_OPEN} and post_id in (select unnest(?))", [source, list(post_ids)]
        ).fetchall()
    return {row[1]: Gap(**_values(row)) for row in rows}


def count_known_gaps(lake: Lake, source: str) -> int:
    """How many known gaps a source has."""
    with lake.reader() as reader:
        found = reader.execute(f"select count(*) {_OPEN} and attempts >= ?", [source, ATTEMPTS]).fetchone()
    return int(found[0]) if found else 0


def note_failures(lake: Lake, source: str, failed: Mapping[str, str], at: datetime) -> dict[str, Gap]:
    """Note that the pages of posts could not be read at `at`; `failed` says why, by post. Returns their gaps.

    A second note with the same time, as after a restart, changes nothing.
    """
    before = open_gaps(lake, source, list(failed))
    gaps = {}
    for post_id, why in failed.items():
        gap = before.get(post_id)
        if gap is None or gap.last_attempt_at != at:
            gap = Gap(
                source=source,
                post_id=post_id,
                attempts=1 if gap is None else gap.attempts + 1,
                first_attempt_at=at if gap is None else gap.first_attempt_at,
                last_attempt_at=at,
                message=why,
            )
        gaps[post_id] = gap
    lake.upsert(list(gaps.values()))
    return gaps


def _values(row: Sequence[Any]) -> dict[str, Any]:
    return {
        field.name: value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
        for field, value in zip(fields(Gap), row, strict=True)
    }
