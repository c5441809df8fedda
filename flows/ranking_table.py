"""What `likelens rank` shows of a ranking: the columns for a person, its title, and what the columns say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flows.intervals import draw_intervals, interval_bars
from flows.output import TextTable
from flows.printable import printable
from flows.time_slices import describe_times
from warehouse.ranking.plain_statistics import PLAIN_STATISTICS
from warehouse.ranking.ranking_query import RankingQuery

if TYPE_CHECKING:
    import polars as pl

FIRST_COLUMNS = ("rank", "label", "posts", "accounts", "lift", "low", "high")
LAST_COLUMNS = ("median", "share")


def title_of(question: RankingQuery) -> str:
    """Describe a ranking in one line."""
    if question.measure is None:
        measure = "how many posts show it"
    elif question.against_before:
        measure = f"change of the lift of {question.measure.name}, {question.since} to {question.until}"
    elif question.by_lift:
        measure = f"lift of {question.measure.name}"
    else:
        measure = f"{question.measure.name}, {PLAIN_STATISTICS[question.statistic].name}"
    account = f" of {question.account}" if question.account else ""
    within = f" within {question.within}" if question.within else ""
    rows = "groups of labels" if question.grouped else "labels"
    if question.pairs:
        rows = f"pairs of {rows}"
    adjusted = ", the other labels held equal" if question.adjusted else ""
    times = f", {describe_times(question)}" if question.sliced else ""
    as_of = f", as of {question.as_of}" if question.as_of else ""
    return f"{question.classifier}: top {question.top} {rows}{within}{account} by {measure}{adjusted}{times}{as_of}"


def readable(ranking: pl.DataFrame, question: RankingQuery) -> pl.DataFrame:
    """The columns for a person: a ranking by lift with bars, one by count without the columns that are all 1."""
    if question.by == "count":
        return ranking.drop("total", "mean", "median")
    if question.against_before:
        changes = ranking.with_columns(interval_bars(ranking.with_columns(lift="change")))
        return changes.select(*ranking.columns[:9], "interval", "q")
    if question.by_lift:
        bars = ranking.with_columns(interval_bars(ranking))
        alone = ["alone"] if question.adjusted else []
        if per := question.measure and question.measure.per:
            first = [*FIRST_COLUMNS[:3], "denominator", *FIRST_COLUMNS[3:]]
            return bars.select(*first, "interval", "q", "rate", "share").rename({"denominator": per})
        return bars.select(*FIRST_COLUMNS, "interval", "q", *alone, *LAST_COLUMNS)
    if per := question.measure and question.measure.per:
        first = ["rank", "label", "posts", "denominator", "accounts"]
        others = [name for name in ranking.columns if name not in (*first, "total")]
        return ranking.select(*first, *others).rename({"denominator": per})
    return ranking if ranking["total"].null_count() == 0 else ranking.drop("total")


def stored_table(rows: list[dict[str, Any]]) -> TextTable:
    """As `readable` shows a ranking by lift."""
    bars = draw_intervals([(row["lift"], row["low"], row["high"]) for row in rows])
    columns = (*FIRST_COLUMNS, "interval", "q", *LAST_COLUMNS)
    shown = [
        [row[name] for name in columns]
        for row in (one | {"interval": bar} for one, bar in zip(rows, bars, strict=True))
    ]
    return TextTable(columns, shown, frozenset(columns) - {"label", "interval"})


def describe_differences(ranking: pl.DataFrame, question: RankingQuery) -> list[str]:
    """A sentence on the labels whose lift alone lies outside the interval of their own effect."""
    if not question.adjusted or question.against_before:
        return []
    import polars as pl

    differ = ranking.filter((pl.col("alone") < pl.col("low")) | (pl.col("alone") > pl.col("high")))
    if differ.is_empty():
        return ["The lifts agree with those of the labels alone (the column alone)."]
    names = ", ".join(
        f"{printable(row['label'])} ×{row['lift']:.2f} instead of ×{row['alone']:.2f}"
        for row in differ.iter_rows(named=True)
    )
    advice = (
        "Alone, a label also gets what the labels that come with it earn; the column lift is its own part."
    )
    return [f"Other than alone: {names}. {advice}"]
