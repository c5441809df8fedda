"""Rankings: the labels of one classifier ordered by likes, comments or count, as Polars frames.

The macros `top_labels` and `top_lifts` give the same results in SQL; tests compare them to the digit. All count a post
once for each label, and skip posts with an unknown number. `warehouse.lift_rankings` ranks by lift.
"""

from __future__ import annotations

from contextlib import suppress

import duckdb
import polars as pl

from warehouse.home import Home
from warehouse.publish import published
from warehouse.ranking_query import RankingQuery

COLUMNS = ("rank", "label", "posts", "accounts", "total", "mean", "median", "share")


def rank(home: Home, question: RankingQuery) -> pl.DataFrame:
    """The ranking from the published database. Raises `NotPublished` when there is no database."""
    with published(home) as connection:
        if question.is_stored:
            # An older likelens published the database, if it has no such macro.
            with suppress(duckdb.CatalogException):
                return _stored_lifts(connection, question)
        if question.by_lift:
            # SciPy takes a third of a second to import.
            from warehouse.lift_rankings import rank_lifts

            return rank_lifts(connection, question)
        if _has_macro(question):
            return _top_labels(connection, question)
        condition, values = question.conditions()
        post_labels = connection.sql(
            f"""select distinct source, post_id, case when $grouped then label_group else label end as label,
                      account, likes, comments
               from post_labels semi join (select source, post_id from posts where {condition})
                   using (source, post_id)
               where classifier = $classifier""",
            params={"grouped": question.grouped, **values},
        ).pl()
    return rank_posts(post_labels.lazy(), question)


def _has_macro(question: RankingQuery) -> bool:
    """Whether the macro `top_labels` gives the ranking; it reads each label once and holds no posts in memory."""
    chosen = (question.source, question.since, question.until, question.kind, question.within)
    return chosen == (None,) * len(chosen) and (
        question.by == "count" or question.statistic in ("mean", "median", "total")
    )


def _top_labels(connection: duckdb.DuckDBPyConnection, question: RankingQuery) -> pl.DataFrame:
    """The ranking by the macro; `rank_posts` computes the same."""
    values = {
        "classifier": question.classifier,
        "by": question.by,
        "n": question.top,
        "statistic": "mean" if question.by == "count" else question.statistic,
        "account": question.account,
        "min_posts": question.least_posts,
        "grouped": question.grouped,
    }
    ranking: pl.DataFrame = connection.sql(
        """select * from top_labels($classifier, "by" := $by, n := $n, statistic := $statistic,
                                    account_name := $account, min_posts := $min_posts, grouped := $grouped)""",
        params=values,
    ).pl()
    return ranking


def _stored_lifts(connection: duckdb.DuckDBPyConnection, question: RankingQuery) -> pl.DataFrame:
    """The ranking from the table `lifts`; `rank_lifts` computes the same."""
    macro = 'top_lifts($classifier, "by" := $by, n := $n, min_posts := $min_posts, grouped := $grouped)'
    values = {
        "classifier": question.classifier,
        "by": question.by,
        "n": question.top,
        "min_posts": question.least_posts,
        "grouped": question.grouped,
    }
    ranking: pl.DataFrame = connection.sql(f"select * from {macro}", params=values).pl()
    return ranking


def rank_posts(post_labels: pl.LazyFrame, question: RankingQuery) -> pl.DataFrame:
    """Rank one classifier's rows of the view `post_labels`: the columns `COLUMNS`, best first.

    Ties are ordered by the number of posts, then by the label. `posts` counts the posts with a known number; `total`,
    `mean` and `median` are over these posts; `share` is their part of all such posts. By count, each post counts 1
    with every statistic.
    """
    value = pl.lit(1, pl.Int64) if question.by == "count" else pl.col(question.by)
    known = post_labels.with_columns(value=value).filter(pl.col("value").is_not_null())
    worth = "posts" if question.by == "count" else question.statistic
    others = pl.lit(value=True) if question.within is None else pl.col("label") != question.within
    return (
        add_statistics(known)
        .filter(others)
        .filter(pl.col("posts") >= question.least_posts)
        .sort([worth, "posts", "label"], descending=[True, True, False])
        .head(question.top)
        .with_row_index("rank", offset=1)
        .with_columns(pl.col("rank").cast(pl.Int64))
        .select(COLUMNS)
        .collect()
    )


def classifiers_with_labels(home: Home) -> list[str]:
    """Names of the classifiers that have labels, in alphabetical order. Raises `NotPublished`."""
    with published(home) as connection:
        rows = connection.execute("select distinct classifier from current_labels order by 1").fetchall()
    return [name for (name,) in rows]


def add_statistics(known: pl.LazyFrame) -> pl.LazyFrame:
    """The statistics of the posts with each label; `known` has a row for each post and label, with its `value`."""
    all_posts = known.select(pl.struct("source", "post_id").n_unique().cast(pl.Int64).alias("all_posts"))
    per_label = known.group_by("label").agg(
        posts=pl.len().cast(pl.Int64),
        accounts=pl.struct("source", "account").n_unique().cast(pl.Int64),
        total=pl.col("value").sum(),
        median=pl.col("value").median(),
    )
    return per_label.join(all_posts, how="cross").with_columns(
        mean=pl.col("total") / pl.col("posts"), share=pl.col("posts") / pl.col("all_posts")
    )
