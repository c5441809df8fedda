"""Gaps: posts whose own page can't be read.

One page that can't be read must not make every run incomplete. After `ATTEMPTS` consecutive runs without success
the post is a known gap: `likelens status` lists it, and its page is requested again once a week.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from warehouse.schema.tables import Gap
from warehouse.storage.lake import Lake

ATTEMPTS = 3
"""Consecutive runs that could not read a page before the post is a known gap."""
RETRY_AFTER = timedelta(days=7)
"""Time after the last attempt until the page of a known gap is requested again."""
MIN_SYSTEMATIC_GAPS = 5
"""The source itself is at fault when it has at least so many known gaps …"""
MIN_SYSTEMATIC_SHARE = 0.1
"""… and they are more than this share of its posts."""

_OPEN = """from gaps left join threads using (source, post_id)
           where source = ? and (read_at is null or read_at < last_attempt_at)"""


def is_known_gap(gap: Gap | None) -> bool:
    """Whether the page was requested often enough without success."""
    return gap is not None and gap.attempts >= ATTEMPTS


def is_retry_due(gap: Gap, now: datetime) -> bool:
    """Whether the page is requested again: in every run until the post is a known gap, then weekly."""
    return not is_known_gap(gap) or now >= gap.last_attempt_at + RETRY_AFTER


def open_gaps(lake: Lake, source: str, post_ids: Sequence[str]) -> dict[str, Gap]:
    """The gaps among these posts, by post; posts whose page was read since have none."""
    query = f"select gaps.* {_OPEN} and post_id in (select unnest(?))"
    with lake.reader(query) as reader:
        gaps = Gap.fetch(reader.execute(query, [source, list(post_ids)]))
    return {gap.post_id: gap for gap in gaps}


def count_known_gaps(lake: Lake, source: str) -> int:
    """Number of known gaps of a source."""
    return lake.count(f"select count(*) {_OPEN} and attempts >= ?", [source, ATTEMPTS])


def record_failures(lake: Lake, source: str, failed: Mapping[str, str], at: datetime) -> dict[str, Gap]:
    """Record that the pages of posts could not be read at `at`; `failed` has the reason by post. Returns their gaps.

    Recording the same time again, as after a restart, changes nothing.
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
