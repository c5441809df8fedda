"""A damaged table is reported by its name, with any damage, and does not affect the other tables."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from warehouse.database.publish import publish
from warehouse.errors import LakeDamaged
from warehouse.home import Home
from warehouse.published import published
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import AccountObservation, Observation, Row


def parquet_of(table: Path) -> Path:
    return min(table.glob("*.parquet"))


def log_of(table: Path) -> Path:
    return table / "_delta_log" / f"{0:020d}.json"


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a file is missing": lambda table: parquet_of(table).unlink(),
    "a file has another format": lambda table: parquet_of(table).write_text("<html>" * 99),
    "a file is truncated": lambda table: parquet_of(table).write_bytes(parquet_of(table).read_bytes()[:-9]),
    "the log has another format": lambda table: log_of(table).write_text("<html>"),
    "the log is truncated": lambda table: log_of(table).write_text(log_of(table).read_text()[:99]),
    "the log is missing": lambda table: shutil.rmtree(table / "_delta_log"),
    "the folder is missing": shutil.rmtree,
}
NO_TABLE = ("the log is missing", "the folder is missing")


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_table_is_named_and_the_others_still_work(
    home: Home,
    account_row: Callable[..., AccountObservation],
    observation_row: Callable[..., Observation],
    damage: str,
) -> None:
    """Reads, writes and publish raise LakeDamaged with the table and an advice; other tables and the database stay."""
    lake = home.lake
    lake.append([account_row("ann")])
    publish(home)
    before = home.database.read_bytes()
    DAMAGES[damage](lake.folder / "accounts")
    # A row with another key would not read the damaged file, which can't have it.
    writes = (lambda: lake.append([account_row("ann")]), lambda: lake.upsert([account_row("ann", posts=9)]))
    for act in (lambda: lake.query("select * from accounts"), *writes, lambda: publish(home)):
        with pytest.raises(LakeDamaged, match=r"table accounts .*(?s:.*)backup"):
            act()
    assert [lake.append([observation_row("a", 1)]), lake.append([observation_row("a", 1)])] == [1, 0]
    assert lake.count("select count(*) from observations") == 1
    assert home.database.read_bytes() == before
    assert not list(home.folder.glob(".likelens-*"))
    assert rank(home, RankingQuery("model")).is_empty()


def test_each_file_of_a_table_stops_a_publish_when_it_is_damaged(
    home: Home, account_row: Callable[..., AccountObservation]
) -> None:
    """A publish opens few files, and looks at the sizes of all."""
    for name in ("ann", "bob", "cid"):
        home.lake.append([account_row(name)])
    publish(home)
    for file in (home.lake.folder / "accounts").glob("*.parquet"):
        content = file.read_bytes()
        file.write_bytes(content[:-1])
        with pytest.raises(LakeDamaged, match="table accounts"):
            publish(home)
        file.write_bytes(content)
    publish(home)


def test_a_query_that_reads_a_missing_file_names_the_table(
    home: Home, account_row: Callable[..., AccountObservation]
) -> None:
    """The error of an analyst's query over a missing file names the damaged table."""
    home.lake.append([account_row("ann")])
    publish(home)
    parquet_of(home.lake.folder / "accounts").unlink()
    with pytest.raises(LakeDamaged, match="accounts"), published(home) as database:
        database.execute("select * from accounts").fetchall()


LIFTS_AND_LABELS = "select * exclude (computed_at, computed_from) from lifts, post_labels order by all"


@pytest.fixture(scope="module")
def labelled(
    new_home: Callable[[], Home],
    labelled_post: Callable[..., list[Row]],
    store_rows: Callable[[Home, list[Row]], None],
    run_row: Callable[..., StageRun],
) -> Home:
    """A published home folder with a labelled post; tests damage copies of it."""
    home = new_home()
    store_rows(home, [*labelled_post("a", ["cat"], 5), run_row()])
    publish(home)
    return home


@pytest.mark.slow
@pytest.mark.parametrize("table", ["lifts", "post_labels"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_derived_table_can_be_deleted(
    labelled: Home, tmp_path: Path, damage: str, table: str
) -> None:
    """Its error says to delete the folder; after that, or without a table, publish writes the same rows again."""
    home = Home(shutil.copytree(labelled.folder, tmp_path / "home"))
    with published(labelled) as database:
        before = database.execute(LIFTS_AND_LABELS).fetchall()
    folder = home.lake.folder / table
    DAMAGES[damage](folder)
    if damage not in NO_TABLE:
        with pytest.raises(
            LakeDamaged, match=rf"table {table} .*(?s:.*)Delete the folder {folder}; the next run"
        ):
            publish(home)
        shutil.rmtree(folder)
        home.prepare()
    publish(home)
    with published(home) as database:
        assert database.execute(LIFTS_AND_LABELS).fetchall() == before
    assert before


@pytest.mark.parametrize("query", ["select nothing from posts", "selec", "select error('by is likes')"])
def test_a_mistake_in_a_query_is_not_reported_as_damage(published_home: Home, query: str) -> None:
    """Errors of the query stay DuckDB's, so that nobody restores a backup for a typing mistake."""
    with pytest.raises(duckdb.Error), published(published_home) as database:
        database.execute(query).fetchall()
    with pytest.raises(duckdb.Error), published_home.lake.reader() as reader:
        reader.execute(query).fetchall()
