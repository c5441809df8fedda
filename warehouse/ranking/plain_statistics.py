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
    """A statistic of numbers: an SQL aggregate, a function that makes a Polars expression, and its name.

    The Polars expression is of the column `value`, with a row for each post. The SQL is over rows that stand for some
    posts each, so that no query holds all numbers: `posts` of them have the number `value`, and together `sum`. Only
    the function imports Polars, because `likelens rank` reads stored rankings without it.

    One that is `by_rank` needs rows of different numbers. It has two columns more: `before` is the number of posts
    with smaller ones, `all_posts` the number of all. Rows of a few similar numbers may stand in for those that it does
    not look up, with the largest one as `value`: those without the ranks of `looked_up_ranks` in them.

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
    by_rank: bool = False


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


_CUT = f"(all_posts // {TRIMMED_PART})"
_LOWER, _UPPER = "((all_posts - 1) // 2)", "(all_posts // 2)"
_LOOKED_UP = (_LOWER, _UPPER, _CUT, f"(all_posts - {_CUT} - 1)")


def looked_up_ranks() -> str:
    """An SQL condition: whether a row has a post whose rank, from 0 on, a statistic looks up."""
    return " or ".join(f"(before <= {rank} and {rank} < before + posts)" for rank in _LOOKED_UP)


PLAIN_STATISTICS: dict[Statistic, PlainStatistic] = {
    "total": PlainStatistic("sum(sum)::bigint", _total, "total over all posts", of_ratios=False),
    "mean": PlainStatistic("sum(sum) / sum(posts)", _mean, "mean per post"),
    "median": PlainStatistic(
        f"(max(value) filter (before <= {_LOWER}) + max(value) filter (before <= {_UPPER})) / 2",
        _median,
        "median per post",
        by_rank=True,
    ),
    "trimmed": PlainStatistic(
        f"""sum(case when before >= {_CUT} and before + posts <= all_posts - {_CUT} then sum
                     else value * greatest(0, least(before + posts, all_posts - {_CUT}) - greatest(before, {_CUT})) end)
            / any_value(all_posts - 2 * {_CUT})""",
        _trimmed,
        "trimmed mean per post",
        "The trimmed mean leaves out a tenth of the posts at each end, rounded down.",
        optional=True,
        by_rank=True,
    ),
    "geometric": PlainStatistic(
        f"exp(sum(floor(ln(value + 1) * {_SCALE} + 0.5)::bigint * posts) / {_SCALE} / sum(posts)) - 1",
        _geometric,
        "geometric mean per post",
        "The geometric mean is that of the numbers plus 1, less 1, so that posts with 0 count too.",
        optional=True,
        of_ratios=False,
    ),
}
BY_RANK: tuple[Statistic, ...] = tuple(name for name, one in PLAIN_STATISTICS.items() if one.by_rank)
OPTIONAL: tuple[Statistic, ...] = tuple(name for name, one in PLAIN_STATISTICS.items() if one.optional)
