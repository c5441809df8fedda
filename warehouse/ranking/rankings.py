"""Rankings: the labels of one classifier ordered by likes, comments or count, as Polars frames.

The macros `top_labels` and `top_lifts` give the same results in SQL; tests compare them to the digit. All count a post
once for each label, and skip posts with an unknown number. `warehouse.ranking.lift_rankings` ranks by lift.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import duckdb

from warehouse.errors import NotPublished
from warehouse.frames import read_frame
from warehouse.home import Home
from warehouse.published import published
from warehouse.ranking.labelled_classifiers import labelled_classifiers
from warehouse.ranking.measures import STORED_BY, measure_rows
from warehouse.ranking.past import ensure_measures, show_past
from warehouse.ranking.plain_statistics import PLAIN_STATISTICS
from warehouse.ranking.ranking_query import RankingQuery

if TYPE_CHECKING:
    import polars as pl

COLUMNS = ("rank", "label", "posts", "accounts", "total", "mean", "median", "share")
_ROWS = """select distinct source, post_id, case when $grouped then label_group else label end as label, account,
                  {values}
           from post_labels {measured} semi join (select source, post_id from posts where {condition})
               using (source, post_id)
           where classifier = $classifier"""
_MEASURED = """left join (select source, post_id, value as {by}, numerator, denominator from ({rows}))
               using (source, post_id)"""


def rank(home: Home, question: RankingQuery) -> pl.DataFrame:
    """The ranking from the published database.

    Raises `NotPublished` when there is no database, and `ValueError` when parts of the question exclude each other.
    It has the columns `COLUMNS`, and those of `question.optional_columns`; by lift those of `lift_rankings`, and
    against the period before those of `lift_changes`.
    """
    if conflict := question.find_conflict():
        raise ValueError(conflict)
    with ranked_database(home, question) as connection:
        return rank_published(connection, question)


def rank_published(connection: duckdb.DuckDBPyConnection, question: RankingQuery) -> pl.DataFrame:
    """The ranking of a question without a conflict, from an open connection of `ranked_database`."""
    if question.is_stored:
        # An older likelens published the database, if it has no such macro.
        with suppress(duckdb.CatalogException):
            return _stored_lifts(connection, question)
    # SciPy takes a third of a second to import.
    if question.against_before:
        from warehouse.ranking.lift_changes import rank_changes

        return rank_changes(connection, question)
    if question.by_lift:
        from warehouse.ranking.lift_rankings import rank_lifts

        return rank_lifts(connection, question)
    if question.has_macro:
        return _top_labels(connection, question)
    return rank_posts(read_rows(connection, question).lazy(), question)


def read_rows(
    connection: duckdb.DuckDBPyConnection, question: RankingQuery, more: Sequence[str] = ()
) -> pl.DataFrame:
    """The posts of a question with their labels, and the column that it is ranked by: null where it is unknown.

    `more` are further columns of `post_labels`.
    """
    condition, values = question.conditions()
    stored = question.by in ("count", *STORED_BY)
    columns = ("likes", "comments") if stored else (question.by, "numerator", "denominator")
    query = _ROWS.format(
        values=", ".join((*columns, *more)),
        measured="" if stored else _MEASURED.format(by=question.by, rows=measure_rows(question.by)),
        condition=condition,
    )
    return read_frame(connection.sql(query, params={"grouped": question.grouped, **values}))


@contextmanager
def ranked_database(home: Home, question: RankingQuery) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the published database, as it was at the day of the question."""
    with published(home) as connection:
        older = ensure_measures(connection)
        if older and question.as_of is not None:
            raise NotPublished(
                "An older likelens published the database, which has no past days. Run `likelens run` first."
            )
        if question.as_of is not None:
            show_past(connection, question.as_of)
        yield connection


def stored_rows(home: Home, question: RankingQuery) -> list[dict[str, Any]] | None:
    """The rows of `rank` where the database stores them, as dictionaries; None where it does not. Raises `NotPublished`.

    Polars is not imported for them, which takes longer than the query.
    """
    if not question.is_stored:
        return None
    # An older likelens published the database, if it has no such macro.
    with ranked_database(home, question) as connection, suppress(duckdb.CatalogException):
        found = _select_lifts(connection, question)
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
    return None


def _stored_lifts(connection: duckdb.DuckDBPyConnection, question: RankingQuery) -> pl.DataFrame:
    """The ranking from the table `lifts`; `rank_lifts` computes the same."""
    return read_frame(_select_lifts(connection, question))


def _select_lifts(connection: duckdb.DuckDBPyConnection, question: RankingQuery) -> duckdb.DuckDBPyRelation:
    macro = 'top_lifts($classifier, "by" := $by, n := $n, min_posts := $min_posts, grouped := $grouped)'
    values = {
        "classifier": question.classifier,
        "by": question.by,
        "n": question.top,
        "min_posts": question.least_posts,
        "grouped": question.grouped,
    }
    return connection.sql(f"select * from {macro}", params=values)


def _top_labels(connection: duckdb.DuckDBPyConnection, question: RankingQuery) -> pl.DataFrame:
    """The ranking by the macro, which holds no posts in memory; `rank_posts` computes the same."""
    macro = """top_labels($classifier, "by" := $by, n := $n, statistic := $statistic, account_name := $account,
                           min_posts := $min_posts, grouped := $grouped)"""
    values = {
        "classifier": question.classifier,
        "by": question.by,
        "n": question.top,
        "statistic": "mean" if question.by == "count" else question.statistic,
        "account": question.account,
        "min_posts": question.least_posts,
        "grouped": question.grouped,
    }
    return read_frame(connection.sql(f"select {', '.join(COLUMNS)} from {macro}", params=values))


def rank_posts(post_labels: pl.LazyFrame, question: RankingQuery) -> pl.DataFrame:
    """Rank one classifier's rows of the view `post_labels`: the columns `COLUMNS`, best first.

    Ties are ordered by the number of posts, then by the label. `posts` counts the posts with a known number; `total`,
    `mean` and `median` are over these posts; `share` is their part of all such posts. By count, each post counts 1
    with every statistic.
    """
    import polars as pl

    value = pl.lit(1, pl.Int64) if question.by == "count" else pl.col(question.by)
    known = post_labels.with_columns(value=value).filter(pl.col("value").is_not_null())
    worth = "posts" if question.by == "count" else question.statistic
    return (
        add_statistics(known, question)
        .filter(~pl.col("label").is_in(question.labels_left_out))
        .filter(pl.col("posts") >= question.least_posts)
        .sort([worth, "posts", "label"], descending=[True, True, False])
        .head(question.top)
        .with_row_index("rank", offset=1)
        .with_columns(pl.col("rank").cast(pl.Int64))
        .select(*COLUMNS, *question.optional_columns)
        .collect()
    )


def classifiers_with_labels(home: Home) -> list[str]:
    """Names of the classifiers that have labels, in alphabetical order. Raises `NotPublished`."""
    with published(home) as connection:
        return labelled_classifiers(connection)


def add_statistics(known: pl.LazyFrame, question: RankingQuery) -> pl.LazyFrame:
    """The statistics of the posts with each label; `known` has a row for each post and label, with its `value`."""
    import polars as pl

    all_posts = known.select(pl.struct("source", "post_id").n_unique().cast(pl.Int64).alias("all_posts"))
    ratio = question.measure is not None and question.measure.ratio
    statistics: dict[str, pl.Expr] = {
        name: one.polars()
        for name, one in PLAIN_STATISTICS.items()
        if (one.of_ratios or not ratio) and (not one.optional or name in question.optional_columns)
    }
    if ratio and question.measure is not None and question.measure.per:
        of, counted = pl.col("denominator").sum(), pl.col("numerator").sum()
        statistics |= {"denominator": of, "rate": counted / of}
    per_label = known.group_by("label").agg(
        posts=pl.len().cast(pl.Int64),
        accounts=pl.struct("source", "account").n_unique().cast(pl.Int64),
        **{"total": pl.lit(None, pl.Int64)} | statistics,
    )
    return per_label.join(all_posts, how="cross").with_columns(
        pl.col("total").cast(pl.Int64), share=pl.col("posts") / pl.col("all_posts")
    )
