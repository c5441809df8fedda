"""What kinds, weekdays and hours of posts earn, as lifts in likes with intervals.

A part, such as Saturday, is compared with the account's other posts of the same time. The other two dimensions are held
equal: for Saturday kind and hour. What the pictures show is not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias, get_args

import duckdb
import polars as pl

from warehouse.home import Home
from warehouse.published import published
from warehouse.ranking.comparable_posts import comparable_posts
from warehouse.ranking.lift.estimate import COLUMNS as LIFT_COLUMNS
from warehouse.ranking.lift.estimate import estimate_part_lifts
from warehouse.ranking.ranking_query import ALL_POSTS, DAY_ONLY, LOCAL_DAY, LOCAL_TIME, RankingQuery

Dimension: TypeAlias = Literal["kind", "weekday", "hours"]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
COLUMNS = ("dimension", *LIFT_COLUMNS)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HOUR_WIDTHS = (2, 3, 4, 6)
MIN_HOUR_POSTS = 40
"""Hours are cut into the shortest parts that have so many posts on average."""
MAX_POSTS = 30_000
"""The newest posts are enough: with so many, the intervals of weekdays are some hundredths wide."""

_TIMES = f"""select post, isodow({LOCAL_DAY}) as weekday,
                    case when not {DAY_ONLY} then hour({LOCAL_TIME}) end as hour
             from timed_posts where posted_at is not null"""


def rank_posting(home: Home, time_zone: str = "UTC") -> pl.DataFrame:
    """The lift of each kind, weekday and part of the day over all accounts: the columns `COLUMNS`.

    `label` is image, carousel or video, a weekday in English, or hours such as `18-21`: from 18:00 to before 21:00 in
    the IANA time zone. Posts without a label count too. Where no comparison is possible, `reason` says why, as in
    `warehouse.ranking.lift.estimate.REASONS`. Raises `NotPublished` when there is no database.
    """
    with published(home) as connection:
        return estimate_posting_lifts(add_local_times(connection, read_posts(connection), time_zone))


def read_posts(connection: duckdb.DuckDBPyConnection, chosen: RankingQuery = ALL_POSTS) -> pl.DataFrame:
    """The posts of `chosen` whose likes can be compared, newest first, numbered in the column `post`.

    They count whether labelled or not.
    """
    question = replace(chosen, classifier="", by="likes", statistic="lift")
    posts = comparable_posts(connection, question, labelled=False).posts
    return posts.with_row_index("post").cast({"post": pl.Int64})


def add_local_times(
    connection: duckdb.DuckDBPyConnection, posts: pl.DataFrame, time_zone: str
) -> pl.DataFrame:
    """Add `weekday` (1 is Monday) and `hour` (0 to 23) in the time zone.

    Both are null without a date, and `hour` also where a post is dated with a day only (00:00:00 UTC).
    """
    connection.register("timed_posts", posts.select("post", "posted_at").to_arrow())
    times = connection.sql(_TIMES, params={"time_zone": time_zone}).pl()
    connection.unregister("timed_posts")
    return posts.join(times, on="post", how="left", maintain_order="left")


def estimate_posting_lifts(posts: pl.DataFrame) -> pl.DataFrame:
    """The lifts of all dimensions that have at least two parts: the columns `COLUMNS`, in the order of the parts.

    `posts` has the columns that `estimate_lifts` takes, and `weekday` and `hour`. Of more than `MAX_POSTS` the first
    are compared.
    """
    from threadpoolctl import threadpool_limits  # scikit-learn brings it

    parts = name_parts(posts.head(MAX_POSTS))
    # The products are small: several threads mostly wait for each other, and take four times the processor time.
    with threadpool_limits(1):
        frames = [
            estimate_part_lifts(parts, dimension, [other for other in DIMENSIONS if other != dimension])
            .select(pl.lit(dimension).alias("dimension"), *LIFT_COLUMNS)
            .sort(pl.col("label").replace_strict(_ORDER, default=len(_ORDER), return_dtype=pl.Int64), "label")
            for dimension in DIMENSIONS
            if parts[dimension].drop_nulls().n_unique() > 1
        ]
    return pl.concat([pl.DataFrame(schema=_SCHEMA), *frames])


def name_parts(posts: pl.DataFrame) -> pl.DataFrame:
    """The posts with the names of their parts in the columns `DIMENSIONS`; null where a post has none."""
    width = hour_width(posts["hour"].count())
    first = pl.col("hour") // width * width
    return posts.with_columns(
        hours=pl.format("{}-{}", first, first + width),
        weekday=pl.col("weekday").replace_strict(dict(enumerate(WEEKDAYS, 1)), return_dtype=pl.String),
    )


def hour_width(posts: int) -> int:
    """How many hours a part of the day has, for so many posts with an hour."""
    enough = (width for width in HOUR_WIDTHS if posts * width >= MIN_HOUR_POSTS * 24)
    return next(enough, HOUR_WIDTHS[-1])


_HOURS = tuple(f"{first}-{first + width}" for width in HOUR_WIDTHS for first in range(0, 24, width))
_ORDER = {name: place for place, name in enumerate(("image", "carousel", "video", *WEEKDAYS, *_HOURS))}
_SCHEMA = {
    "dimension": pl.String,
    "label": pl.String,
    "posts": pl.Int64,
    "accounts": pl.Int64,
    **dict.fromkeys(("lift", "low", "high", "p", "q"), pl.Float64),
    "reason": pl.String,
}
