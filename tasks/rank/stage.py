"""The rankings as CSV files beside the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from warehouse.empty_rankings import why_empty
from warehouse.home import Home
from warehouse.publish import published
from warehouse.rankings import RankingQuery, rank


def write_rankings(
    home: Home, questions: Sequence[RankingQuery]
) -> Iterator[tuple[RankingQuery, pl.DataFrame, str]]:
    """Write a CSV file for each ranking; yields it with its question and a description."""
    home.report.mkdir(parents=True, exist_ok=True)
    for question in questions:
        ranking = rank(home, question)
        ranking.write_csv(home.report / f"{question.stem}.csv")
        yield question, ranking, _description(home, question, empty=ranking.is_empty())


def _description(home: Home, question: RankingQuery, *, empty: bool) -> str:
    """The ranking's title, and why it is empty."""
    title = f"Labels of {question.classifier} by {question.by}, {question.statistic} per post"
    if not empty:
        return title
    with published(home) as database:
        return f"{title}. Empty: {why_empty(database, question)}"
