"""Posts, their counts and their labels from the published database, as a forecast reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import duckdb
import numpy as np
import polars as pl

from warehouse.forecast.history import Floats, History, Ints
from warehouse.frames import read_frame
from warehouse.ranking.comparable_ages import read_comparable_days
from warehouse.ranking.lift.age import DEFAULT_DAYS
from warehouse.ranking.newest_posts import MAX_COMPARED_POSTS
from warehouse.ranking.ranking_query import DAY_ONLY, LOCAL_DAY, LOCAL_TIME

Counted = Literal["likes", "comments"]

KINDS = ("image", "carousel", "video")
MIN_AGE_DAYS = 2
"""The age from which a count is part of a level: half of the likes come in six hours, nine tenths in two days."""

_POSTS = """create or replace temp table forecast_posts as
    select row_number() over (order by source, account, posted_at, post_id) - 1 as post, *
    from (select source, post_id, account, kind, posted_at from posts {chosen}
          where posted_at is not null order by posted_at desc, source, post_id limit {most})"""
_ACCOUNTS = """select source, account, coalesce(epoch_us(min(observed_at)) // 1000000, 0) as observed_from
               from (select distinct source, account from forecast_posts)
               left join (select source, post_id, account from posts) using (source, account)
               left join observations using (source, post_id)
               group by source, account order by source, account"""
_READ = """select dense_rank() over (order by source, account) - 1 as account,
                  epoch_us(posted_at) // 1000000 as posted_at,
                  coalesce(list_position({kinds}, kind), 1) - 1 as kind,
                  isodow({local_day}) - 1 as weekday, case when not {day_only} then
                      hour({local_time}) + minute({local_time}) / 60 end as hour
           from forecast_posts order by post"""
_COUNTS = """select post, (epoch_us(observed_at) + 999999) // 1000000 as counted_at, ln(1 + {count}) as value
             from observations join forecast_posts using (source, post_id)
             where {count} is not null and observed_at >= posted_at + interval {days} day
             order by post, counted_at"""
_OUTCOMES = """select post, ln(1 + arg_min({count}, observed_at)) as value
               from observations join forecast_posts using (source, post_id) {shown}
               left join (select unnest($sources) as source, unnest($days) as days) using (source)
               where {count} is not null and observed_at >= posted_at + to_days(coalesce(days, {default})::integer)
               group by post order by post"""
_SHOWN = """semi join (select source, post_id from latest_observations where likes is not null)
                using (source, post_id)"""
_LABELLED = "post_labels join forecast_posts using (source, post_id)"
_LABEL_NAMES = f"""select classifier, label, count(*) as posts, max(version) as version from {_LABELLED}
                   where {{chosen}} group by all having count(*) >= $least
                   order by posts desc, classifier, label limit $most"""
_LABELS = f"""select post, number from {_LABELLED}
              join (select unnest($classifiers) as classifier, unnest($labels) as label, unnest($numbers) as number)
                  using (classifier, label)
              order by post, number"""
_VERSIONS = "select classifier, version from classifier_versions"


@dataclass(frozen=True, slots=True)
class PostTimes:
    """When posts were posted, in the time zone of the settings: `weekday` 0 to 6 (0 is Monday), `hour` 0 to below 24.

    `hour` is NaN for a post that is dated with a day only.
    """

    weekday: Ints
    hour: Floats


@dataclass(frozen=True, slots=True)
class PostLabels:
    """Labels of posts: a row for each post and label. `post` and `label` are sorted numbers.

    `names` has the columns `classifier`, `label`, `posts` and `version`, and a row for each number in `label`.
    """

    names: pl.DataFrame
    post: Ints
    label: Ints


@contextmanager
def forecast_posts(
    database: duckdb.DuckDBPyConnection, accounts: Sequence[tuple[str, str]] | None = None
) -> Iterator[None]:
    """Number the posts that have a date, of these accounts (source, name) or of all, for the functions below.

    Of more than a million the newest count.
    """
    try:
        if accounts is not None:
            sources, names = (
                [list(column) for column in zip(*accounts, strict=True)] if accounts else ([], [])
            )
            database.execute(
                """create or replace temp table forecast_accounts as
                   select distinct unnest($1::varchar[]) as source, unnest($2::varchar[]) as account""",
                [sources, names],
            )
        chosen = "" if accounts is None else "semi join forecast_accounts using (source, account)"
        database.execute(_POSTS.format(chosen=chosen, most=MAX_COMPARED_POSTS))
        yield
    finally:
        database.execute("drop table if exists temp.forecast_posts")
        database.execute("drop table if exists temp.forecast_accounts")


def read_history(
    database: duckdb.DuckDBPyConnection, count: Counted, time_zone: str
) -> tuple[History, PostTimes]:
    """The posts of `forecast_posts` with the counts that were known of them, and their weekdays and hours."""
    accounts = read_frame(database.sql(_ACCOUNTS))
    query = _READ.format(kinds=list(KINDS), local_day=LOCAL_DAY, local_time=LOCAL_TIME, day_only=DAY_ONLY)
    posts = read_frame(database.sql(query, params={"time_zone": time_zone}))
    counts = read_frame(database.sql(_COUNTS.format(count=count, days=MIN_AGE_DAYS)))
    history = History(
        accounts=accounts.select("source", "account"),
        observed_from=np.append(accounts["observed_from"].cast(pl.Int64).to_numpy(), 0),
        account=posts["account"].cast(pl.Int64).to_numpy(),
        posted_at=posts["posted_at"].to_numpy(),
        kind=posts["kind"].cast(pl.Int64).to_numpy(),
        counted_post=counts["post"].to_numpy(),
        counted_at=counts["counted_at"].to_numpy(),
        counts=counts["value"].cast(pl.Float64).to_numpy(),
    )
    return history, _times(posts)


def read_times(database: duckdb.DuckDBPyConnection, posted_at: Sequence[object], time_zone: str) -> PostTimes:
    """The weekdays and hours of planned posts; their hour is known, also at midnight."""
    query = f"""select isodow({LOCAL_TIME}) - 1 as weekday, hour({LOCAL_TIME}) + minute({LOCAL_TIME}) / 60 as hour
                from (select unnest($times::timestamp[]) as posted_at, generate_subscripts($times, 1) as place)
                order by place"""
    params = {"time_zone": time_zone, "times": list(posted_at)}
    return _times(read_frame(database.sql(query, params=params)))


def read_outcomes(database: duckdb.DuckDBPyConnection, count: Counted) -> tuple[Floats, int]:
    """log(1 + count) of each post at the first observation of comparable age, and the largest such age in days.

    It is NaN for a post that was not observed at that age, and for one whose likes are hidden.
    """
    days = read_comparable_days(database, count)
    query = _OUTCOMES.format(count=count, shown=_SHOWN if count == "likes" else "", default=DEFAULT_DAYS)
    found = read_frame(
        database.sql(
            query, params={"sources": list(days) or [""], "days": list(days.values()) or [DEFAULT_DAYS]}
        )
    )
    sources = database.execute("select source, count(*) from forecast_posts group by source").fetchall()
    outcomes = np.full(sum(number for _, number in sources), np.nan)
    outcomes[found["post"].to_numpy()] = found["value"].to_numpy()
    return outcomes, max((days.get(source, DEFAULT_DAYS) for source, _ in sources), default=DEFAULT_DAYS)


def read_labels(
    database: duckdb.DuckDBPyConnection, classifiers: Sequence[str] | None, *, least: int, most: int
) -> PostLabels:
    """The labels with at least so many posts, at most so many of them, the most frequent first."""
    names = read_frame(
        database.sql(
            _LABEL_NAMES.format(
                chosen="true" if classifiers is None else "list_contains($classifiers, classifier)"
            ),
            params={"least": least, "most": most}
            | ({} if classifiers is None else {"classifiers": list(classifiers)}),
        )
    )
    params = {
        "classifiers": names["classifier"].to_list(),
        "labels": names["label"].to_list(),
        "numbers": list(range(len(names))),
    }
    if names.is_empty():
        nothing = np.empty(0, np.int64)
        return PostLabels(names, nothing, nothing)
    rows = read_frame(database.sql(_LABELS, params=params))
    return PostLabels(names, rows["post"].to_numpy(), rows["number"].cast(pl.Int64).to_numpy())


def read_versions(database: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The current version of each classifier."""
    return {str(name): str(version) for name, version in database.execute(_VERSIONS).fetchall()}


def _times(rows: pl.DataFrame) -> PostTimes:
    return PostTimes(
        rows["weekday"].cast(pl.Int64).to_numpy(),
        rows["hour"].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
    )
