"""The age from which posts of a source are comparable, by the history of its observations in the database."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import duckdb

from warehouse.frames import read_frame
from warehouse.ranking.measures import Counts
from warehouse.ranking.newest_posts import MAX_COMPARED_POSTS, find_newest, stored_posts
from warehouse.ranking.past import ensure_measures

_AGED = """select source, post_id, posted_at from latest_observations join newest using (source, post_id)
           where {count} is not null and {count}_at >= posted_at + interval 10 day"""
_AGED_BY_OBSERVATIONS = """select source, post_id, posted_at from observations join newest using (source, post_id)
                           where posted_at is not null and {count} is not null group by all
                           having max(observed_at) >= posted_at + interval 10 day"""
_HISTORY = """with newest as (select source, post_id, posted_at from posts where {recent}),
              aged as ({aged}),
              latest as (
                  select *, row_number() over (partition by source order by posted_at desc, post_id) as post
                  from aged qualify post <= $most)
              select source, post, posted_at, observed_at, {count} as value
              from observations join latest using (source, post_id) where {since}"""


def read_comparable_days(connection: duckdb.DuckDBPyConnection, count: Counts) -> dict[str, int]:
    """For each source with a history of this count the age in days from which its posts count; others: `DEFAULT_DAYS`.

    The history is that of the newest `MAX_COMPARED_POSTS` posts of all sources, so that it does not grow without end.
    """
    ensure_measures(connection)
    [(mode,)] = connection.execute("select current_setting('access_mode')").fetchall()
    if str(mode).lower() != "read_only":
        return _read_days(connection, count)
    # The observations of a read-only connection can't change.
    days = _days.setdefault(connection, {})
    if count not in days:
        days[count] = _read_days(connection, count)
    return days[count]


_days: WeakKeyDictionary[duckdb.DuckDBPyConnection, dict[str, dict[str, int]]] = WeakKeyDictionary()
"""The ages by connection and count: a report compares the same posts for each classifier."""


def _read_days(connection: duckdb.DuckDBPyConnection, count: str) -> dict[str, int]:
    from warehouse.ranking.lift.age import MAX_POSTS, comparable_ages

    aged = _AGED_BY_OBSERVATIONS if count == "shares" else _AGED
    recent = since = "true"
    if stored_posts(connection) > MAX_COMPARED_POSTS:
        recent = find_newest(connection, "from posts", {}, MAX_COMPARED_POSTS).condition
        # What was observed before a post tells nothing of its age. Most observations were made by then.
        since = recent.replace("posted_at", "observed_at")
    query = _HISTORY.format(aged=aged.format(count=count), count=count, recent=recent, since=since)
    return comparable_ages(read_frame(connection.sql(query, params={"most": MAX_POSTS})))
