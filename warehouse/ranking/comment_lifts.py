"""What people say under which pictures: the lifts of tone, questions, spam and comments per like of one classifier.

Publish does not store them: the report computes them from the newest posts, so that their cost is limited.
"""

from __future__ import annotations

from dataclasses import replace

import duckdb
import polars as pl

from warehouse.ranking.lift_rankings import all_lifts, numbered_posts
from warehouse.ranking.measures import COMMENT_BY
from warehouse.ranking.ranking_query import SHARE_COLUMNS, RankingQuery

MAX_POSTS = 100_000
"""The newest posts that are compared: a few seconds for the four measures of a classifier."""
COLUMNS = (
    *("measure", "label", "posts", "accounts", *SHARE_COLUMNS),
    *("lift", "low", "high", "p", "q"),
)


def comment_lifts(connection: duckdb.DuckDBPyConnection, question: RankingQuery) -> pl.DataFrame:
    """The lifts of the measures `COMMENT_BY` for the labels with enough posts: the columns `COLUMNS`.

    `measure` is the name of the measure. The rows of each measure are those of `likelens rank --by MEASURE --statistic
    lift` over the newest `MAX_POSTS` posts of the question, best lower end first, and `q` is corrected for the labels
    of the measure. `by`, `statistic` and `top` of the question are ignored. `connection` is one of `ranked_database`;
    a database without read comments gives no rows but those of comments per like.
    """
    frames = [pl.DataFrame(schema=_SCHEMA)]
    for by in COMMENT_BY:
        by_lift = replace(
            question, by=by, statistic="lift", pairs=False, adjusted=False, against_before=False
        )
        posts = numbered_posts(connection, by_lift).head(MAX_POSTS)
        if posts.is_empty():
            continue
        lifts = all_lifts(connection, by_lift, posts)
        enough = (pl.col("posts") >= by_lift.least_posts) & pl.col("lift").is_not_null()
        frames.append(lifts.filter(enough).select(pl.lit(by).alias("measure"), *COLUMNS[1:]))
    return pl.concat(frames)


_SCHEMA = {
    **dict.fromkeys(("measure", "label"), pl.String),
    **dict.fromkeys(("posts", "accounts", "denominator"), pl.Int64),
    **dict.fromkeys(("rate", "lift", "low", "high", "p", "q"), pl.Float64),
}
