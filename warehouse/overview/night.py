"""Queries of the summary of one run: what is new since it began, over the current version of the tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from warehouse.schema.utc import as_utc, without_zone
from warehouse.storage.lake import Lake


@dataclass(frozen=True, slots=True)
class SourceNews:
    """A source with stored posts: how many, how many of them are new, and the time of its newest post (UTC).

    `newest_at` is the time when the newest post was posted, or first seen where its source shows no times.
    """

    source: str
    posts: int
    new_posts: int
    newest_at: datetime


@dataclass(frozen=True, slots=True)
class LaneNews:
    """A classifier's new labels, and the pictures that they are of."""

    classifier: str
    pictures: int
    labels: int


@dataclass(frozen=True, slots=True)
class FetchFailure:
    """A reason why pictures could not be fetched, and how many."""

    reason: str
    pictures: int


def read_source_news(lake: Lake, since: datetime) -> list[SourceNews]:
    """All sources with posts, by name."""
    rows = lake.query(
        """select source, count(*), count(*) filter (where first_seen_at >= ?),
                  coalesce(max(posted_at), max(first_seen_at))
           from posts group by source order by source""",
        [without_zone(since)],
    )
    return [SourceNews(source, posts, new, as_utc(newest)) for source, posts, new, newest in rows]


def read_lane_news(lake: Lake, since: datetime) -> list[LaneNews]:
    """The classifiers with new labels, by name."""
    rows = lake.query(
        """select classifier, count(distinct sha256), count(*) from labels where labelled_at >= ?
           group by classifier order by classifier""",
        [without_zone(since)],
    )
    return [LaneNews(*row) for row in rows]


def count_new_pictures(lake: Lake, since: datetime) -> int:
    """Pictures that were stored since then."""
    return lake.count("select count(*) from pictures where fetched_at >= ?", [without_zone(since)])


def read_fetch_failures(lake: Lake, since: datetime) -> list[FetchFailure]:
    """The pictures whose last attempt since then failed, by reason; the most frequent reason first."""
    rows = lake.query(
        """select reason, count(*) from (
               select picture_url, arg_max(struct_pack(reason), attempted_at).reason as reason
               from fetches where attempted_at >= ? group by picture_url)
           where reason is not null group by reason order by 2 desc, 1""",
        [without_zone(since)],
    )
    return [FetchFailure(*row) for row in rows]


def list_accounts(lake: Lake, limit: int) -> list[str]:
    """The first `limit` accounts with stored posts, by name."""
    rows = lake.query("select distinct account from posts order by account limit ?", [limit])
    return [str(account) for (account,) in rows]


def list_quiet_sources(lake: Lake, days: int, now: datetime) -> list[SourceNews]:
    """The sources whose newest post is older than `days`."""
    return [one for one in read_source_news(lake, now) if now - one.newest_at > timedelta(days=days)]
