"""Forecasts beside what came, for the posts of a report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb
import polars as pl

from warehouse.frames import read_frame
from warehouse.overview.forecast_scores import (
    FORECAST_POST,
    RECENT_DAYS,
    ForecastScore,
    published_scores,
)
from warehouse.ranking.ranking_query import RankingQuery

MAX_PARTS = 5
MIN_PART_POSTS = 10
"""Parts of the posts by their forecast, and posts of each."""

_CHOSEN = """($account is null or account = $account) and ($since is null or posted_at >= $since::timestamp)
    and ($until is null or posted_at < $until::timestamp + interval 1 day)"""
_ONE_MEASURE = f"""from forecast_outcomes where measure = $measure and {_CHOSEN} {FORECAST_POST}"""
_POINTS = f"""select median, low, high, outcome, covered from (select * {_ONE_MEASURE})
    order by hash(source, post_id), source, post_id limit $most"""
_EXTENT = f"""select count(*), count(distinct (source, account)), min(posted_at), max(posted_at)
    from (select * {_ONE_MEASURE})"""
_PARTS = f"""select min(median) as first, max(median) as last, count(*) as posts, median(median) as forecast,
           median(outcome) as outcome, sum(covered::int)::bigint as covered
    from (select *, ntile($parts) over (order by median, source, post_id) as part from (select * {_ONE_MEASURE}))
    group by part order by part"""


@dataclass(frozen=True, slots=True)
class ForecastOutcomes:
    """The forecasts of a measure that can be compared with what came.

    `points` are at most so many of them, evenly chosen, with the columns `median, low, high, outcome, covered` as counts.
    `parts` are all of them in up to five parts by their forecast: `first, last` (the smallest and largest median),
    `posts, forecast, outcome` (medians), `covered` (posts). `since` and `until` are the times of the first and last post.
    """

    posts: int
    accounts: int
    since: datetime
    until: datetime
    points: pl.DataFrame
    parts: pl.DataFrame


def has_outcomes(database: duckdb.DuckDBPyConnection) -> bool:
    """Whether the database has forecasts and what came; one that an older likelens published has not."""
    query = "select count(*) from duckdb_views() where view_name in ('forecasts', 'forecast_outcomes')"
    return database.execute(query).fetchall() == [(2,)]


def outcome_scores(database: duckdb.DuckDBPyConnection, chosen: RankingQuery) -> dict[str, ForecastScore]:
    """The scores by measure for account and period of `chosen`; without a period of the posts of the last 90 days."""
    return published_scores(database, _CHOSEN, _values(chosen))


def outcomes_of(
    database: duckdb.DuckDBPyConnection, chosen: RankingQuery, measure: str, most: int
) -> ForecastOutcomes | None:
    """The forecasts of these posts with what came, of which `most` are points; None if there are none."""
    values = _values(chosen) | {"measure": measure}
    [(posts, accounts, since, until)] = database.execute(_EXTENT, values).fetchall()
    if not posts:
        return None
    parts = max(1, min(MAX_PARTS, posts // MIN_PART_POSTS))
    return ForecastOutcomes(
        posts,
        accounts,
        since,
        until,
        read_frame(database.sql(_POINTS, params=values | {"most": most})),
        read_frame(database.sql(_PARTS, params=values | {"parts": parts})),
    )


def _values(chosen: RankingQuery) -> dict[str, object]:
    since, until = chosen.since, chosen.until
    if since is None and until is None:
        since = datetime.now(UTC).date() - timedelta(days=RECENT_DAYS)
    return {"account": chosen.account, "since": since, "until": until}
