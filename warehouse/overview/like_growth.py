"""How likes grow after a post: the share of the final likes at several ages, from the observations.

Only posts with a time of day count that were observed both young and at least ten days old; the last observation is the
final number. The number at an age lies between two observations around it that are not far apart, on a straight line
over the logarithm of the age, as in the measure `likes_first_day`.
"""

from __future__ import annotations

import math

import duckdb
import polars as pl

from warehouse.ranking.lift.age import FINAL_DAYS, MAX_POSTS, MIN_POSTS
from warehouse.ranking.ranking_query import ALL_POSTS, RankingQuery

AGES_HOURS = (6, 12, 24, 48, 72, 120, 168)
MIN_AGES = 2
_CANDIDATES = 4 * MAX_POSTS
"""The newest posts with an old observation, among which those with a young one are searched."""
_NORMAL = 1.96

_SHARES = f"""
    with aged as (select source, account, post_id, posted_at from latest_observations join posts using (source, post_id)
                  where likes_at >= posted_at + interval {FINAL_DAYS} day and posted_at <> date_trunc('day', posted_at)
                    and {{condition}}
                  order by posted_at desc, source, post_id limit {_CANDIDATES}),
         seen as (select source, account, post_id, posted_at, likes, greatest(epoch(observed_at - posted_at), 1) / 3600 as age
                  from observations join aged using (source, post_id)
                  where likes is not null and observed_at >= posted_at),
         final as (select source, post_id, arg_max(likes, age) as final from seen group by source, post_id, posted_at
                   having max(age) >= {FINAL_DAYS * 24} and min(age) < {AGES_HOURS[-1]} and arg_max(likes, age) > 0
                   order by posted_at desc, source, post_id limit {MAX_POSTS}),
         around as (select source, account, post_id, hours, final, max(age) filter (age <= hours) as before_age,
                           min(age) filter (age >= hours) as after_age, arg_max(likes, age) filter (age <= hours) as before_likes,
                           arg_min(likes, age) filter (age >= hours) as after_likes
                    from seen join final using (source, post_id), unnest($ages) as ages(hours) group by all)
    select hours, source, account, (before_likes + case when after_age = before_age then 0 else
               (after_likes - before_likes) * ln(hours / before_age) / ln(after_age / before_age) end) / final as share
    from around where after_age - before_age <= case when hours <= 72 then least(1.5 * hours, 36) else 60 end"""


def like_growth(connection: duckdb.DuckDBPyConnection, chosen: RankingQuery = ALL_POSTS) -> pl.DataFrame:
    """For each age with at least 20 posts of `chosen`, the shares of their final likes, youngest first.

    The columns are `hours`, `posts`, `accounts`, `median`, `low` and `high` (quartiles), and `median_low` and `median_high`: the
    95 % interval of the median, from the order of the shares. Empty with fewer than two such ages.
    """
    condition, values = chosen.post_conditions()
    query = _SHARES.format(condition=condition)
    try:
        shares = connection.sql(query, params={"ages": list(AGES_HOURS), **values}).pl()
    except duckdb.BinderException:
        # An older likelens published the database: its latest observations have no times.
        return pl.DataFrame(schema=_SCHEMA)
    rows = [
        _describe(hours, one)
        for (hours,), one in shares.partition_by("hours", as_dict=True, maintain_order=False).items()
        if len(one) >= MIN_POSTS
    ]
    frame = pl.DataFrame(rows, schema=_SCHEMA).sort("hours")
    return frame if len(frame) >= MIN_AGES else frame.clear()


def _describe(hours: object, rows: pl.DataFrame) -> dict[str, object]:
    """The interval of the median is between two of the shares, by the normal approximation of the binomial."""
    shares = rows["share"].sort()
    number = len(shares)
    away = _NORMAL * math.sqrt(number) / 2
    return {
        "hours": hours,
        "posts": number,
        "accounts": rows.select(pl.struct("source", "account").n_unique()).item(),
        "median": shares.median(),
        "low": shares.quantile(0.25, "linear"),
        "high": shares.quantile(0.75, "linear"),
        "median_low": shares[max(0, math.floor(number / 2 - away) - 1)],
        "median_high": shares[min(number - 1, math.ceil(number / 2 + away))],
    }


_SCHEMA = {
    "hours": pl.Int64,
    "posts": pl.Int64,
    "accounts": pl.Int64,
    **dict.fromkeys(("median", "low", "high", "median_low", "median_high"), pl.Float64),
}
