"""The six classic rankings and lift: ours, and by hand with DuckDB, Polars and pandas over one flat Parquet file.

By hand there are two queries: one with the columns that a ranking has, and one with the ordered number alone. All ways
take turns, so that other work on the machine slows all of them, and must name the same labels.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl

from benchmarks.warehouse.gallery import CLASSIFIER
from warehouse.home import Home
from warehouse.published import published
from warehouse.ranking.lift_rankings import rank_lifts
from warehouse.ranking.ranking_query import By, RankingQuery, Statistic
from warehouse.ranking.rankings import rank

CLASSIC: tuple[tuple[By, Statistic], ...] = (
    ("likes", "mean"),
    ("likes", "median"),
    ("likes", "total"),
    ("comments", "mean"),
    ("comments", "total"),
    ("count", "mean"),
)
MIN_POSTS = 10
PANDAS_ROWS = 20_000_000
"""pandas holds all rows in memory, so it takes part up to here."""


@dataclass(frozen=True, slots=True)
class Time:
    """Elapsed and processor seconds."""

    elapsed: float
    processor: float


Way = Callable[[By, Statistic], list[str]]


def write_flat(home: Home, flat: Path) -> None:
    """What a user without a warehouse would have: the labels joined to posts and counts in one file."""
    with published(home) as database:
        database.execute(
            f"""copy (select source, account, post_id, label, likes, comments from post_labels
                      where classifier = '{CLASSIFIER}') to '{flat}' (format parquet)"""
        )


def by_macro(database: duckdb.DuckDBPyConnection) -> Way:
    """Our macro, in an open database, as an analyst's session is."""

    def run(by: By, statistic: Statistic) -> list[str]:
        query = f"""select * from top_labels('{CLASSIFIER}', "by" := '{by}', statistic := '{statistic}',
                                             min_posts := {MIN_POSTS}) order by rank"""
        return [label for _, label, *_ in database.execute(query).fetchall()]

    return run


def by_rank(home: Home) -> Way:
    """Our Python function."""

    def run(by: By, statistic: Statistic) -> list[str]:
        return list(rank(home, RankingQuery(CLASSIFIER, by, statistic, min_posts=MIN_POSTS))["label"])

    return run


def by_duckdb(flat: Path, *, complete: bool) -> Way:
    """SQL over the flat file, with all columns of a ranking or with the number alone."""

    def run(by: By, statistic: Statistic) -> list[str]:
        value = "1" if by == "count" else by
        number = (
            "count(*)"
            if by == "count"
            else f"{ {'mean': 'avg', 'total': 'sum'}.get(statistic, statistic) }({value})"
        )
        others = f"""count(distinct (source, account)) as accounts, sum({value}) as total, avg({value}) as mean,
                     median({value}) as median, count(*) / (select count(distinct (source, post_id)) from '{flat}'
                                                            where {value} is not null) as share,"""
        query = f"""select label, count(*) as posts, {others if complete else ""} {number} as number
                    from '{flat}' where {value} is not null group by label having count(*) >= {MIN_POSTS}
                    order by number desc, posts desc, label limit 10"""
        return [row[0] for row in duckdb.sql(query).fetchall()]

    return run


def by_polars(flat: Path, *, complete: bool) -> Way:
    """The same with Polars."""

    def run(by: By, statistic: Statistic) -> list[str]:
        value = pl.lit(1) if by == "count" else pl.col(by)
        rows = pl.scan_parquet(flat).with_columns(value=value).filter(pl.col("value").is_not_null())
        column = pl.col("value")
        number = {"mean": column.mean(), "median": column.median(), "total": column.sum()}[statistic]
        numbers = {"posts": pl.len(), "number": pl.len() if by == "count" else number}
        if complete:
            numbers |= {
                "accounts": pl.struct("source", "account").n_unique(),
                "total": column.sum(),
                "mean": column.mean(),
                "median": column.median(),
            }
        ranking = rows.group_by("label").agg(**numbers).filter(pl.col("posts") >= MIN_POSTS)
        if complete:
            posts = rows.select(all_posts=pl.struct("source", "post_id").n_unique())
            ranking = ranking.join(posts, how="cross").with_columns(
                share=pl.col("posts") / pl.col("all_posts")
            )
        order = ["number", "posts", "label"]
        best = ranking.sort(order, descending=[True, True, False]).head(10)
        return list(best.collect(engine="streaming")["label"])

    return run


def by_pandas(flat: Path, *, complete: bool) -> Way:
    """The same with pandas, which reads the columns that it needs."""

    def run(by: By, statistic: Statistic) -> list[str]:
        names = ["label", *([by] if by != "count" else [])]
        rows = pd.read_parquet(flat, columns=names + (["source", "account", "post_id"] if complete else []))
        rows["value"] = 1 if by == "count" else rows[by]
        rows = rows.dropna(subset="value")
        function = "sum" if statistic == "total" else statistic
        numbers = {"posts": "count", "number": "sum" if by == "count" else function}
        if complete:
            numbers |= {"total": "sum", "mean": "mean", "median": "median"}
        ranking = rows.groupby("label")["value"].agg(**numbers)
        if complete:
            accounts = rows[["label", "source", "account"]].drop_duplicates()
            ranking["accounts"] = accounts.groupby("label").size()
            ranking["share"] = ranking["posts"] / len(rows[["source", "post_id"]].drop_duplicates())
        ranking = ranking[ranking["posts"] >= MIN_POSTS].reset_index()
        best = ranking.sort_values(["number", "posts", "label"], ascending=[False, False, True])
        return list(best["label"].head(10))

    return run


def compare(home: Home, flat: Path, rows: int, rounds: int) -> dict[str, Time]:
    """The time of all six rankings by each way, and of lift; the fastest of the rounds, which alternate."""
    with published(home) as database:
        return _compare(home, database, flat, rows, rounds)


def _compare(
    home: Home, database: duckdb.DuckDBPyConnection, flat: Path, rows: int, rounds: int
) -> dict[str, Time]:
    ways: dict[str, Way] = {
        "macro": by_macro(database),
        "rank()": by_rank(home),
        "DuckDB by hand": by_duckdb(flat, complete=True),
        "Polars by hand": by_polars(flat, complete=True),
        "DuckDB by hand, one number": by_duckdb(flat, complete=False),
        "Polars by hand, one number": by_polars(flat, complete=False),
    }
    if rows <= PANDAS_ROWS:
        ways["pandas by hand"] = by_pandas(flat, complete=True)
        ways["pandas by hand, one number"] = by_pandas(flat, complete=False)
    times: dict[str, list[Time]] = {}
    for _ in range(rounds):
        results = {}
        for name, way in ways.items():
            with _measured(times.setdefault(name, [])):
                results[name] = [way(by, statistic) for by, statistic in CLASSIC]
        different = {name for name, found in results.items() if found != results["macro"]}
        if different:
            raise RuntimeError(f"{', '.join(sorted(different))} found other labels than the macro")
        for name, work in _single_rankings(home, ways).items():
            with _measured(times.setdefault(name, [])):
                work()
    return {
        name: Time(min(one.elapsed for one in some), min(one.processor for one in some))
        for name, some in times.items()
    }


@contextmanager
def _measured(times: list[Time]) -> Iterator[None]:
    elapsed, processor = time.perf_counter(), time.process_time()
    yield
    times.append(Time(time.perf_counter() - elapsed, time.process_time() - processor))


def _single_rankings(home: Home, ways: dict[str, Way]) -> dict[str, Callable[[], object]]:
    def lift() -> None:
        with published(home) as database:
            rank_lifts(database, RankingQuery(CLASSIFIER, "likes", "lift"))

    return {
        "one mean ranking": lambda: ways["macro"]("likes", "mean"),
        "one lift ranking, computed": lift,
        "one lift ranking, stored": lambda: rank(home, RankingQuery(CLASSIFIER, "likes", "lift")),
    }
