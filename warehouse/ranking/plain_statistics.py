"""The statistics of the posts with a label other than lift, each once in SQL and once in Polars.

To add a statistic, add its name to `Statistic` and an entry to `PLAIN_STATISTICS`: the macro `top_labels`, the Python
functions, `likelens rank --statistic` and the report then have it. A test compares SQL with Polars, to the digit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    import polars as pl

Statistic: TypeAlias = Literal["lift", "mean", "median", "total", "trimmed", "geometric"]
STATISTICS: tuple[Statistic, ...] = get_args(Statistic)

TRIMMED_PART = 10
"""The trimmed mean leaves out a tenth of the posts at each end, rounded down."""
_SCALE = 2**36
"""Logarithms are summed as integers, in units of 1 / `_SCALE`: a sum has the same digits in any order of its rows."""


@dataclass(frozen=True, slots=True)
class PlainStatistic:
    """A statistic of the column `value`: an SQL aggregate, a function that makes a Polars expression, and its name.

    Only the function imports Polars, because `likelens rank` reads stored rankings without it.

    The name stands in a sentence, and `note` is a sentence on how it is computed, where its name does not say it.
    An `optional` one has a column only in rankings by it, because its computation takes longer. One that is not
    `of_ratios` is computed for counts alone.
    """

    sql: str
    polars: Callable[[], pl.Expr]
    name: str
    note: str = ""
    optional: bool = False
    of_ratios: bool = True


def _total() -> pl.Expr:
    import polars as pl

    return pl.col("value").sum()


def _mean() -> pl.Expr:
    import polars as pl

    return pl.col("value").sum() / pl.len()


def _median() -> pl.Expr:
    import polars as pl

    return pl.col("value").median()


def _trimmed() -> pl.Expr:
    import polars as pl

    cut = pl.len() // TRIMMED_PART
    return pl.col("value").sort().slice(cut, pl.len() - 2 * cut).sum() / (pl.len() - 2 * cut)


def _geometric() -> pl.Expr:
    import polars as pl

    logs = ((pl.col("value") + 1).cast(pl.Float64).log() * _SCALE + 0.5).floor().cast(pl.Int64)
    return (logs.sum() / _SCALE / pl.len()).exp() - 1


PLAIN_STATISTICS: dict[Statistic, PlainStatistic] = {
    "total": PlainStatistic("sum(value)::bigint", _total, "total over all posts", of_ratios=False),
    "mean": PlainStatistic("sum(value) / count(*)", _mean, "mean per post"),
    "median": PlainStatistic("median(value)", _median, "median per post"),
    "trimmed": PlainStatistic(
        f"""list_sum(list_sort(list(value))[count(*) // {TRIMMED_PART} + 1 : count(*) - count(*) // {TRIMMED_PART}])
            / (count(*) - 2 * (count(*) // {TRIMMED_PART}))""",
        _trimmed,
        "trimmed mean per post",
        "The trimmed mean leaves out a tenth of the posts at each end, rounded down.",
        optional=True,
    ),
    "geometric": PlainStatistic(
        f"exp(sum(floor(ln(value + 1) * {_SCALE} + 0.5)::bigint) / {_SCALE} / count(*)) - 1",
        _geometric,
        "geometric mean per post",
        "The geometric mean is that of the numbers plus 1, less 1, so that posts with 0 count too.",
        optional=True,
        of_ratios=False,
    ),
}
OPTIONAL: tuple[Statistic, ...] = tuple(name for name, one in PLAIN_STATISTICS.items() if one.optional)
