"""A damaged table is told by its name, whatever broke, and costs the other tables nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from warehouse.errors import LakeDamaged
from warehouse.home import Home
from warehouse.publish import publish, published
from warehouse.rankings import Question, rank
from warehouse.tables import AccountObservation, Observation


def parquet_of(table: Path) -> Path:
    return min(table.glob("*.parquet"))


def log_of(table: Path) -> Path:
    return table / "_delta_log" / f"{0:020d}.json"


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a file is missing": lambda table: parquet_of(table).unlink(),
    "a file is something else": lambda table: parquet_of(table).write_text("<html>" * 99),
    "a file is cut off": lambda table: parquet_of(table).write_bytes(parquet_of(table).read_bytes()[:-9]),
    "the log is something else": lambda table: log_of(table).write_text("<html>"),
    "the log is cut off": lambda table: log_of(table).write_text(log_of(table).read_text()[:99]),
    "the log is missing": lambda table: shutil.rmtree(table / "_delta_log"),
    "the folder is missing": shutil.rmtree,
}


@pytest.fixture(params=DAMAGES)
def broken(
    request: pytest.FixtureRequest, home: Home, account_seen: Callable[..., AccountObservation]
) -> Home:
    """A home folder whose table `accounts` is damaged in one of these ways."""
    home.lake.append([account_seen("ann")])
    publish(home)
    DAMAGES[request.param](home.lake.folder / "accounts")
    return home


def test_reading_and_writing_it_raise_one_error_that_names_it(
    broken: Home, account_seen: Callable[..., AccountObservation]
) -> None:
    """Append, upsert, read and publish raise LakeDamaged with the table's name and what can be done."""
    lake = broken.lake

    def read() -> object:
        with lake.reader() as reader:
            return reader.execute("select * from accounts").fetchall()

    writes = (lambda: lake.append([account_seen("bob")]), lambda: lake.upsert([account_seen("bob")]))
    for act in (read, *writes, lambda: publish(broken)):
        with pytest.raises(LakeDamaged, match=r"table accounts .*(?s:.*)backup"):
            act()


def test_the_other_tables_and_the_old_database_stay(
    broken: Home, observed: Callable[..., Observation]
) -> None:
    """Other tables are still written and read, and a publish that fails leaves the old database alone."""
    assert broken.lake.append([observed("a", 1)]) == 1
    assert broken.lake.append([observed("a", 1)]) == 0
    before = broken.database.read_bytes()
    with pytest.raises(LakeDamaged):
        publish(broken)
    assert broken.database.read_bytes() == before
    assert not list(broken.folder.glob(".likelens-*"))
    assert rank(broken, Question("model")).is_empty()


def test_a_query_that_meets_a_missing_file_says_so(
    home: Home, account_seen: Callable[..., AccountObservation]
) -> None:
    """An analyst's query over a file that was lost is told which table is damaged."""
    home.lake.append([account_seen("ann")])
    publish(home)
    parquet_of(home.lake.folder / "accounts").unlink()
    with pytest.raises(LakeDamaged, match="accounts"), published(home) as database:
        database.execute("select * from accounts").fetchall()


@pytest.mark.parametrize("query", ["select nothing from posts", "selec", "select error('by is likes')"])
def test_a_mistake_in_a_query_is_no_damage(home: Home, query: str) -> None:
    """Errors of the question are DuckDB's own, so that nobody restores a backup for a typing mistake."""
    publish(home)
    with pytest.raises(duckdb.Error), published(home) as database:
        database.execute(query).fetchall()
    with pytest.raises(duckdb.Error), home.lake.reader() as reader:
        reader.execute(query).fetchall()
