"""Which topics of comments come with which labels: the lift of a topic's share of the comments in its language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import duckdb
import numpy as np
import polars as pl

from warehouse.ranking.lift.inference import correct_p
from warehouse.ranking.lift_rankings import all_lifts, numbered_posts
from warehouse.ranking.ranking_query import RankingQuery

MAX_POSTS = 20_000
"""The newest posts that are compared: half a second for each topic."""
MIN_TESTED_POSTS = 5
MIN_COMMENTS = 10
"""Comments with the topic under posts with the label, and under all others: with fewer a ratio says little."""
_RATIO = ("lift", "low", "high", "p", "q")
COLUMNS = (
    "topic",
    "label",
    "posts",
    "accounts",
    "denominator",
    "all_comments",
    "numerator",
    "others",
    *_RATIO,
)
_SCHEMA = {
    **dict.fromkeys(("topic", "label"), pl.String),
    **dict.fromkeys(("posts", "accounts", "denominator", "all_comments", "numerator", "others"), pl.Int64),
    **dict.fromkeys(_RATIO, pl.Float64),
}
_COUNTS = """select source, post_id, count(*) as denominator, count(*) filter (topic = $topic) as numerator
             from comment_topics semi join compared using (source, post_id) where language = $language group by all"""


def topic_lifts(
    connection: duckdb.DuckDBPyConnection, question: RankingQuery, topics: Sequence[tuple[str, str]]
) -> pl.DataFrame:
    """The lifts of topics, each with its language, for the labels of the question's classifier: the columns `COLUMNS`.

    A lift compares the topic's share of the comments in its language under posts with the label with that under the
    account's other posts of the time, as the lifts of other shares of comments do. `denominator` is the number of
    comments in the language under the posts with the label, `all_comments` under all compared posts, `numerator` of
    those with label and topic, and `others` of comments with the topic under all other posts. `q` is corrected for all
    labels and topics together. There is no lift with few comments on either side. Labels with fewer posts than a ranking
    by lift asks for have no row.
    """
    by_lift = replace(
        question, by="questions", statistic="lift", pairs=False, adjusted=False, against_before=False
    )
    posts = numbered_posts(connection, by_lift).head(MAX_POSTS)
    if posts.is_empty() or not topics:
        return pl.DataFrame(schema=_SCHEMA)
    frames = []
    for topic, language in topics:
        own = _with_counts(connection, posts, topic, language)
        if (total := own["numerator"].sum()) >= MIN_COMMENTS:
            lifts = all_lifts(connection, by_lift, own).filter(pl.col("posts") >= by_lift.least_posts)
            numerator = (pl.col("rate") * pl.col("denominator")).round().cast(pl.Int64)
            frames.append(
                lifts.with_columns(
                    topic=pl.lit(topic),
                    all_comments=pl.lit(own["denominator"].sum(), pl.Int64),
                    numerator=numerator,
                    others=total - numerator,
                )
            )
    return _correct(pl.concat(frames)).select(COLUMNS) if frames else pl.DataFrame(schema=_SCHEMA)


def _correct(found: pl.DataFrame) -> pl.DataFrame:
    """Without the ratios of few comments, and with q over all that remain."""
    enough = pl.min_horizontal("numerator", "others") >= MIN_COMMENTS
    found = found.with_columns(pl.when(enough).then(pl.col(name)).alias(name) for name in _RATIO)
    tested = found["p"].is_not_null().to_numpy() & (found["posts"] >= MIN_TESTED_POSTS).to_numpy()
    q = correct_p(found["p"].cast(pl.Float64).fill_null(np.nan).to_numpy(), tested)
    return found.with_columns(q=pl.Series(q, dtype=pl.Float64).fill_nan(None))


def _with_counts(
    connection: duckdb.DuckDBPyConnection, posts: pl.DataFrame, topic: str, language: str
) -> pl.DataFrame:
    """The posts that have comments in the language, with their numbers of these and of those of the topic."""
    connection.register("compared", posts.select("source", "post_id").to_arrow())
    counts = connection.sql(_COUNTS, params={"topic": topic, "language": language}).pl()
    connection.unregister("compared")
    without = posts.drop("numerator", "denominator", "value")
    joined = without.join(counts, on=["source", "post_id"], maintain_order="left")
    return joined.with_columns(value=pl.col("numerator") / pl.col("denominator"))
