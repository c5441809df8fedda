"""Rankings by lift: the lifts of a classifier's labels in the published database. `warehouse.ranking.lift` has the method."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import polars as pl

from warehouse.ranking.comparable_posts import Comparable, comparable_posts
from warehouse.ranking.lift.estimate import Measure, estimate_adjusted_lifts, estimate_lifts
from warehouse.ranking.lift.groups import Ints
from warehouse.ranking.lift.pairs import pair_labels
from warehouse.ranking.ranking_query import MIN_LIFT_POSTS, RankingQuery

COLUMNS = (
    *("rank", "label", "posts", "accounts", "lift", "low", "high", "p", "q"),
    *("total", "mean", "median", "share"),
)
_LABELS = """select post, label from post_labels join compared using (source, post_id)
             where classifier = $classifier"""
_BOTH = """select post, label, label_group, first_in_group from post_labels join compared using (source, post_id)
           where classifier = $classifier"""
_GROUPS = """select distinct post, label_group as label from post_labels join compared using (source, post_id)
             where classifier = $classifier"""


def rank_lifts(
    connection: duckdb.DuckDBPyConnection,
    question: RankingQuery,
    posts: pl.DataFrame | None = None,
    labels: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Rank the labels of a classifier by the lower end of their lift: the columns `COLUMNS`, best first.

    Labels with fewer posts than the question asks for, and labels without a lift, have no row. `posts` are those of
    `numbered_posts` for this question, and `labels` those of `read_labels` for these or more posts, where the caller
    has them.
    """
    return (
        all_lifts(connection, question, posts, labels)
        .filter((pl.col("posts") >= question.least_posts) & pl.col("lift").is_not_null())
        .head(question.top)
        .with_row_index("rank", offset=1)
        .with_columns(pl.col("rank").cast(pl.Int64))
        .select(*COLUMNS, *(["alone"] if question.adjusted else []), *question.optional_columns)
    )


def read_labels(
    connection: duckdb.DuckDBPyConnection, question: RankingQuery, posts: pl.DataFrame
) -> pl.DataFrame:
    """The labels or groups of posts of `numbered_posts`: a row for each post and label, with the post's number."""
    connection.register("compared", posts.select("source", "post_id", "post").to_arrow())
    query = _GROUPS if question.grouped else _LABELS
    labels: pl.DataFrame = connection.sql(query, params={"classifier": question.classifier}).pl()
    connection.unregister("compared")
    return labels


def read_both_labels(
    connection: duckdb.DuckDBPyConnection, classifier: str, posts: pl.DataFrame
) -> dict[bool, pl.DataFrame]:
    """What `read_labels` returns without and with groups (`False`, `True`), read once."""
    connection.register("compared", posts.select("source", "post_id", "post").to_arrow())
    rows = connection.sql(_BOTH, params={"classifier": classifier}).pl()
    connection.unregister("compared")
    groups = rows.filter("first_in_group").select("post", label="label_group")
    return {False: rows.select("post", "label"), True: groups}


def all_lifts(
    connection: duckdb.DuckDBPyConnection,
    question: RankingQuery,
    posts: pl.DataFrame | None = None,
    labels: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Estimate the lift of every label or pair of the question, in the order of the ranking.

    Beside the columns of `estimate_lifts` it has the total, mean and median of the compared posts with the label, their
    share of all compared posts, and for a ratio of two counts `denominator` and `rate`, the sums of these posts; with `adjusted` also `alone`, the lift without holding the other labels equal.
    Where only some weekdays or hours count, the posts of these are compared with all posts of the account. `posts`
    are those of `numbered_posts` for this question, and `labels` those of `read_labels` for these or more posts, where
    the caller has them.
    """
    posts = numbered_posts(connection, question) if posts is None else posts
    chosen = posts.filter("sliced")
    if labels is None:
        labels = read_labels(connection, question, chosen)
    else:
        labels = labels.filter(_positions(chosen, labels) >= 0)
    if question.labels_left_out:
        labels = labels.filter(~pl.col("label").is_in(question.labels_left_out))
    if question.pairs:
        # Two pairs have one name where a label contains the sign between the two.
        labels = pair_labels(labels, min(question.least_posts, MIN_LIFT_POSTS)).unique(maintain_order=True)
    lifts = _estimate(posts, labels, question)
    return lifts.join(_plain_numbers(chosen, labels, question), on="label", how="left", maintain_order="left")


def _plain_numbers(posts: pl.DataFrame, labels: pl.DataFrame, question: RankingQuery) -> pl.DataFrame:
    """Total, mean, median and share of each label's posts; a ratio has no total, and one of two counts their sums."""
    shares = question.measure is not None and bool(question.measure.per)
    value = pl.col("value")
    numbers = {
        "total": pl.lit(None, pl.Int64) if shares else value.sum(),
        "mean": value.sum() / pl.len(),
        "median": value.median(),
        "share": pl.len() / max(1, len(posts)),
    }
    if shares:
        of = pl.col("denominator").sum()
        numbers |= {"denominator": of, "rate": pl.col("numerator").sum() / of}
    columns = [name for name in ("value", "numerator", "denominator") if name in posts.columns]
    labelled = pl.concat(
        [labels.select("label"), posts.select(columns)[_positions(posts, labels)]], how="horizontal"
    )
    return labelled.group_by("label").agg(**numbers)


def _positions(posts: pl.DataFrame, labels: pl.DataFrame) -> Ints:
    """The row of `posts` for each row of `labels`, and -1 where there is none: faster than a join."""
    number, labelled = posts["post"].to_numpy(), labels["post"].to_numpy()
    rows = np.full(max(number.max(initial=-1), labelled.max(initial=-1)) + 1, -1)
    rows[number] = np.arange(len(number))
    found: Ints = rows[labelled]
    return found


def numbered_posts(connection: duckdb.DuckDBPyConnection, question: RankingQuery) -> pl.DataFrame:
    """The compared posts with their number in the column `post`: they do not depend on how labels are grouped."""
    return number_posts(comparable_posts(connection, question))


def number_posts(comparable: Comparable) -> pl.DataFrame:
    """The same for posts that were read already."""
    # Joins by number are faster than joins by source and id.
    return comparable.posts.with_row_index("post").cast({"post": pl.Int64})


def number_alike(frames: Sequence[pl.DataFrame]) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """All posts of the frames with a number in the column `post`, and each frame with these numbers.

    The newest posts are first, as in `numbered_posts`, so that posts of one time have the same order there.
    """
    key = ["source", "post_id"]
    every = pl.concat([frame.select(*key, "posted_at") for frame in frames]).unique(key)
    every = every.sort("posted_at", *key, descending=[True, False, False], nulls_last=True)
    numbered = every.with_row_index("post").cast({"post": pl.Int64})
    numbers = numbered.select(*key, "post")
    return numbered, [frame.join(numbers, on=key, how="left", maintain_order="left") for frame in frames]


def _estimate(posts: pl.DataFrame, labels: pl.DataFrame, question: RankingQuery) -> pl.DataFrame:
    measure: Measure = "comments" if question.by in ("comments", "shares") else "likes"
    if question.measure is not None and question.measure.per:
        measure = "rate"
        posts = posts.with_columns(value=pl.col("numerator"), offset=pl.col("denominator"))
    alone = estimate_lifts(posts, labels, measure=measure, min_posts=question.least_posts)
    if not question.adjusted:
        return alone
    adjusted = estimate_adjusted_lifts(posts, labels, min_posts=question.least_posts)
    return adjusted.join(alone.select("label", alone="lift"), on="label", how="left", maintain_order="left")
