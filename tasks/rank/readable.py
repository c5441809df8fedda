"""A ranking as a person reads it in Prefect's pages: few columns, rounded numbers, names as plain text."""

from __future__ import annotations

from typing import Any

import polars as pl

from tasks.markdown import escape
from warehouse.ranking.ranking_query import RankingQuery


def readable_rows(ranking: pl.DataFrame, question: RankingQuery) -> list[dict[str, Any]]:
    """The rows of the table artifact of a ranking; the CSV file has all columns."""
    return [_row(row, question) for row in ranking.iter_rows(named=True)]


def _row(row: dict[str, Any], question: RankingQuery) -> dict[str, Any]:
    first = {"rank": row["rank"], "label": escape(row["label"]), "posts": row["posts"]}
    if question.by == "count":
        return {**first, "share": None if row["share"] is None else f"{row['share']:.1%}"}
    if question.by_lift:
        low, high = row["low"], row["high"]
        interval = "" if low is None or high is None else f"{number(low)} to {number(high)}"
        lift = "" if row["lift"] is None else f"×{number(row['lift'])}"
        return {
            **first,
            "lift": lift,
            "95% interval": interval,
            f"median {question.by}": number(row["median"]),
        }
    return {**first, **{name: number(row[name]) for name in ("mean", "median", "total") if name in row}}


def number(value: float | None) -> str:
    """A number with as many digits as a person reads; empty for None."""
    if value is None:
        return ""
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2
    return f"{value:,.{digits}f}"
