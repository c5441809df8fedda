"""Risers and fallers: the lift of each label in a period against its lift in the period of the same length before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import duckdb
import numpy as np
import polars as pl
from scipy.special import stdtr, stdtrit

from warehouse.ranking.lift.estimate import MIN_TESTED_POSTS
from warehouse.ranking.lift.groups import Floats
from warehouse.ranking.lift.inference import LEVEL, correct_p
from warehouse.ranking.lift.variance import PRIOR_FREEDOM
from warehouse.ranking.lift_rankings import all_lifts
from warehouse.ranking.ranking_query import RankingQuery

COLUMNS = (
    *("rank", "label", "posts", "posts_before", "lift", "lift_before"),
    *("change", "low", "high", "p", "q"),
)


def before(question: RankingQuery) -> RankingQuery:
    """The same question for the period of the same length that ends the day before it."""
    assert question.since is not None, "find_conflict requires it"
    assert question.until is not None, "find_conflict requires it"
    until = question.since - timedelta(days=1)
    return replace(question, since=until - (question.until - question.since), until=until)


def rank_changes(connection: duckdb.DuckDBPyConnection, question: RankingQuery) -> pl.DataFrame:
    """Rank the labels by how many times the lift before their lift is: the columns `COLUMNS`, risers first.

    Of more labels than the question asks for, those whose change is most certain (with the smallest `p`) have a row.
    """
    return (
        all_changes(connection, question)
        .filter(pl.min_horizontal("posts", "posts_before") >= question.least_posts)
        .sort("p", "label")
        .head(question.top)
        .sort("change", "label", descending=[True, False])
        .with_row_index("rank", offset=1)
        .with_columns(pl.col("rank").cast(pl.Int64))
        .select(COLUMNS)
    )


def all_changes(
    connection: duckdb.DuckDBPyConnection, question: RankingQuery, posts: pl.DataFrame | None = None
) -> pl.DataFrame:
    """The change of every label that has a lift in both periods.

    `posts` are those of `numbered_posts` for this question without its period, where the caller has them.
    """
    columns = ["label", "posts", "lift", "low", "high"]
    now, earlier = (
        all_lifts(connection, one, None if posts is None else _in_period(posts, one))
        .select(columns)
        .drop_nulls("low")
        for one in (question, before(question))
    )
    both = now.join(earlier, on="label", suffix="_before")
    change = both["lift"].log().to_numpy() - both["lift_before"].log().to_numpy()
    half = np.sqrt(_half_widths(both, "") ** 2 + _half_widths(both, "_before") ** 2)
    p = _p_values(change, half)
    tested = (
        both.select(pl.min_horizontal("posts", "posts_before") >= MIN_TESTED_POSTS).to_series().to_numpy()
    )
    return both.select("label", "posts", "posts_before", "lift", "lift_before").with_columns(
        pl.Series("change", np.exp(change)),
        pl.Series("low", np.exp(change - half)),
        pl.Series("high", np.exp(change + half)),
        pl.Series("p", p),
        pl.Series("q", correct_p(p, tested)).fill_nan(None),
    )


def _in_period(posts: pl.DataFrame, question: RankingQuery) -> pl.DataFrame:
    return posts.filter(pl.col("posted_at").dt.date().is_between(question.since, question.until))


def _half_widths(lifts: pl.DataFrame, suffix: str) -> Floats:
    """Half the width of each interval on the scale of logarithms."""
    widths: Floats = (lifts[f"high{suffix}"].log() - lifts[f"low{suffix}"].log()).to_numpy() / 2
    return widths


def _p_values(change: Floats, half: Floats) -> Floats:
    """The p-value of no change: below 0.05 where the interval does not contain 1.

    Both lifts have at least `PRIOR_FREEDOM` degrees of freedom, and their difference as many as both together.
    """
    freedom = 2 * PRIOR_FREEDOM
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.abs(change) / half * stdtrit(freedom, (1 + LEVEL) / 2)
    values: Floats = 2 * stdtr(freedom, -ratio)
    return values
