"""The rankings as CSV files beside the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import duckdb
import polars as pl

from warehouse.home import Home
from warehouse.published import published
from warehouse.ranking.comparable_posts import describe_posts
from warehouse.ranking.empty_rankings import why_empty
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank


def write_rankings(
    home: Home, questions: Sequence[RankingQuery]
) -> Iterator[tuple[RankingQuery, pl.DataFrame, str]]:
    """Write a CSV file for each ranking; yields it with its question and a description."""
    home.report.mkdir(parents=True, exist_ok=True)
    # While it is open, opening the database again takes a millisecond instead of twenty.
    with published(home) as database:
        for question in questions:
            ranking = rank(home, question)
            ranking.write_csv(home.report / f"{question.stem}.csv")
            yield question, ranking, _description(database, question, empty=ranking.is_empty())


def _description(database: duckdb.DuckDBPyConnection, question: RankingQuery, *, empty: bool) -> str:
    """The ranking's title, which posts a lift compares, and why the ranking is empty."""
    statistic = "lift" if question.by_lift else f"{question.statistic} per post"
    text = f"Labels of {question.classifier} by {question.by}"
    if question.by != "count":
        text += f", {statistic}"
    if question.by_lift:
        text += f". {describe_posts(database, question)}"
    return f"{text}. Empty: {why_empty(database, question)}" if empty else text
