"""Statistics of posts: SQL and Polars agree to the digit, and with SciPy and pandas, on any numbers."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gmean, trim_mean

from warehouse.database.sql_ranks import count_ranges, count_values
from warehouse.ranking.plain_statistics import BY_RANK, PLAIN_STATISTICS, TRIMMED_PART, Statistic
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank_posts

COUNTS = st.lists(st.integers(0, 2**40), min_size=1, max_size=60)
FEW = settings(max_examples=60, deadline=None)


def by_polars(values: list[int]) -> dict[str, float]:
    frame = pl.DataFrame({"value": values}, schema={"value": pl.Int64})
    return frame.select(**{name: one.polars() for name, one in PLAIN_STATISTICS.items()}).row(0, named=True)


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory; to open one takes longer than a query."""
    with duckdb.connect() as opened:
        yield opened


def by_sql(database: duckdb.DuckDBPyConnection, values: list[int]) -> dict[str, float]:
    statistics = ", ".join(f"{one.sql} as {name}" for name, one in PLAIN_STATISTICS.items())
    rows = count_values("(select 'a' as label, unnest($1)::double as value)")
    query = f"select {statistics} from {rows}"
    row = database.execute(query, [values]).fetchall()[0]
    return dict(zip(PLAIN_STATISTICS, row, strict=True))


def reference(values: list[int]) -> dict[str, float]:
    series = pd.Series(values)
    return {
        "total": series.sum(),
        "mean": series.mean(),
        "median": series.median(),
        "trimmed": trim_mean(values, 1 / TRIMMED_PART),
        "geometric": gmean(np.array(values) + 1.0) - 1,
    }


@FEW
@given(COUNTS)
def test_sql_and_polars_agree_to_the_digit(database: duckdb.DuckDBPyConnection, values: list[int]) -> None:
    """Every statistic of any counts has the same digits in SQL and in Polars."""
    assert by_sql(database, values) == by_polars(values)


@pytest.mark.slow
@FEW
@given(
    st.dictionaries(st.sampled_from("abc"), COUNTS | st.lists(st.integers(0, 300), min_size=1, max_size=200))
)
def test_ranges_give_what_all_numbers_give(
    database: duckdb.DuckDBPyConnection, labels: dict[str, list[int]]
) -> None:
    """Median and trimmed mean of each label are the same, whichever numbers only stand in for their range."""
    rows = [(label, value) for label, values in labels.items() for value in values]
    statistics = ", ".join(PLAIN_STATISTICS[name].sql for name in BY_RANK)
    counted = count_ranges("(select unnest($1) as label, unnest($2)::bigint as value)")
    query = f"select label, {statistics} from {counted} group by label"
    found = database.execute(query, [[one for one, _ in rows], [one for _, one in rows]]).fetchall()
    expected = {label: by_polars(values) for label, values in labels.items()}
    assert {label: numbers for label, *numbers in found} == {
        label: [numbers[name] for name in BY_RANK] for label, numbers in expected.items()
    }


@FEW
@given(COUNTS)
def test_scipy_and_pandas_compute_the_same(values: list[int]) -> None:
    """Every statistic is that of a plain reference; the logarithms are rounded to 1e-11."""
    assert by_polars(values) == pytest.approx(reference(values), rel=1e-10, abs=1e-10)


@pytest.mark.slow
@FEW
@given(COUNTS, st.randoms(use_true_random=False))
def test_the_order_of_the_posts_changes_no_digit(
    database: duckdb.DuckDBPyConnection, values: list[int], chosen: object
) -> None:
    """A shuffled list has the same statistics, in SQL and in Polars."""
    turned = values.copy()
    chosen.shuffle(turned)  # type: ignore[attr-defined]
    assert by_polars(turned) == by_polars(values)
    assert by_sql(database, turned) == by_sql(database, values)


@FEW
@given(st.integers(1, 3_000))
def test_as_many_posts_are_trimmed_as_scipy_trims(number: int) -> None:
    """A tenth at each end, rounded down, for any number of posts."""
    values = [i * i for i in range(number)]
    assert by_polars(values)["trimmed"] == pytest.approx(trim_mean(values, 0.1), rel=1e-12)


@FEW
@given(COUNTS)
def test_a_mean_lies_between_the_smallest_and_the_largest_number(values: list[int]) -> None:
    """The means are within the numbers, and the geometric one is at most the arithmetic one."""
    found = by_polars(values)
    for name in ("mean", "trimmed", "geometric"):
        assert min(values) * (1 - 1e-8) - 1e-8 <= found[name] <= max(values) * (1 + 1e-8) + 1e-8
    assert found["geometric"] <= found["mean"] * (1 + 1e-8) + 1e-8


def test_one_viral_post_leads_the_mean_alone() -> None:
    """A label with one viral post of eleven is first by mean and total, and not by median and trimmed mean."""
    rows = [("demo", f"b{i}", "bulbul", "ann", likes) for i, likes in enumerate([8_000_000, *[50] * 10])]
    rows += [("demo", f"k{i}", "kitten", "ann", 100) for i in range(11)]
    frame = pl.LazyFrame(rows, ["source", "post_id", "label", "account", "likes"], orient="row")
    statistics: tuple[Statistic, ...] = ("mean", "total", "median", "trimmed")
    first = [rank_posts(frame, RankingQuery("model", statistic=name))["label"][0] for name in statistics]
    assert first == ["bulbul", "bulbul", "kitten", "kitten"]
