"""A lake in an object store: all that the lake can do, seen from a second machine and by other readers."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import deltalake
import polars as pl
import pyarrow as pa
import pytest

from warehouse.errors import LakeDamaged
from warehouse.home import Home
from warehouse.schema.derived_tables import LabelLift
from warehouse.storage import lake_copy
from warehouse.storage.file_layout import COMPACT_ABOVE_FILES
from warehouse.storage.lake_reader import open_connection

pytestmark = pytest.mark.slow


@pytest.fixture
def machine(s3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Home]:
    """Homes of several machines in one store: each has its own folder, and looks into the store at each reading."""
    monkeypatch.setattr(lake_copy, "REFRESH_SECONDS", 0.0)
    return lambda name: Home(tmp_path / name, s3.store())


@pytest.fixture
def filled(s3, prepared: Path) -> None:
    """Put empty tables into the store, as `create` does, which takes longer."""
    store = s3.store()
    for file in sorted(prepared.glob("lake/*/_delta_log/*.json")):
        store.put(str(file.relative_to(prepared)), file)


def rows_of(home: Home, table: str = "posts") -> list[tuple]:
    return home.lake.query(f"select * from {table} order by all")


def test_tables_are_created_once_by_two_machines(machine, post_row) -> None:
    """A second machine finds the tables of the first."""
    one, other = machine("one"), machine("other")
    one.prepare()
    other.prepare()
    one.lake.append([post_row("1")])
    assert len(rows_of(other)) == 1
    assert {len(list((home.lake_folder / "posts/_delta_log").glob("*.json"))) for home in (one, other)} == {2}


def test_every_write_of_one_machine_is_read_by_another(machine, filled, post_row, label_row) -> None:
    """Appends, updates, replacements and deletions, of both machines in turn."""
    one, other = machine("one"), machine("other")
    assert one.lake.append([post_row("1"), post_row("2")]) == 2
    assert other.lake.append([post_row("2"), post_row("3")]) == 1
    assert one.lake.upsert([post_row("3", caption="new"), post_row("4")], keep=("first_seen_at",)) == 2
    assert rows_of(one) == rows_of(other)
    assert [row[1] for row in rows_of(one)] == ["1", "2", "3", "4"]
    other.lake.delete("posts", "post_id", ["2", "4"])
    assert one.lake.query("select post_id, caption from posts order by 1") == [("1", None), ("3", "new")]
    other.lake.append([label_row("a", "cat")])
    assert one.lake.count("select count(*) from labels") == 1
    assert not one.lake.replace(LabelLift, [])
    assert other.lake.files("lifts") == []


def test_other_readers_see_a_delta_table(s3, machine, filled, post_row) -> None:
    """delta-rs and Polars read the same rows straight from the store."""
    home = machine("one")
    for number in range(3):
        home.lake.append([post_row(f"{number}")])
    home.lake.upsert([post_row("1", caption="new")])
    home.lake.delete("posts", "post_id", ["0"])
    url, expected = f"{s3.url}/lake/posts", [("1", "new"), ("2", None)]
    table = deltalake.DeltaTable(url, storage_options=s3.storage_options)
    frame = pl.DataFrame(table.to_pyarrow_dataset().to_table())
    assert frame.select("post_id", "caption").sort("post_id").rows() == expected
    scanned = pl.scan_delta(url, storage_options=s3.storage_options)
    assert scanned.select("post_id", "caption").sort("post_id").collect().rows() == expected
    # They may also write; this machine reads it, and goes on from there.
    rows = table.to_pyarrow_table().slice(0, 1)
    theirs = rows.set_column(rows.schema.get_field_index("post_id"), "post_id", pa.array(["theirs"]))
    deltalake.write_deltalake(table, theirs, mode="append")
    assert home.lake.append([post_row("theirs"), post_row("3")]) == 1
    assert [row[1] for row in rows_of(home)] == ["1", "2", "3", "theirs"]


def test_a_damaged_copy_is_deleted_and_read_again(machine, filled, post_row) -> None:
    """The message says so, because the store has the rows."""
    home = machine("one")
    home.lake.append([post_row("1")])
    [file] = home.lake.files("posts")
    Path(file).write_bytes(b"damaged")
    with pytest.raises(LakeDamaged, match=r"It is a copy of s3://.* Delete the folder"):
        rows_of(home)
    shutil.rmtree(home.lake_folder)
    assert len(rows_of(home)) == 1


def test_a_machine_without_a_copy_knows_whether_there_are_tables(s3, tmp_path: Path, post_row) -> None:
    """A dry run looks for known posts only where something was stored."""
    store = s3.store()
    assert not Home(tmp_path / "one", store).lake.exists()
    Home(tmp_path / "one", store).lake.create()
    assert Home(tmp_path / "other", store).lake.exists()


def test_small_files_are_merged_and_old_ones_deleted_in_the_store_and_in_copies(
    s3, machine, filled, account_row
) -> None:
    """Tidy, vacuum and purge leave the rows, and a few objects."""
    one, other = machine("one"), machine("other")
    for number in range(COMPACT_ABOVE_FILES + 2):
        one.lake.append([account_row(f"{number}")])
    before = rows_of(other, "accounts")
    one.lake.tidy(0)
    assert len(one.lake.files("accounts")) == 1
    assert rows_of(other, "accounts") == before
    one.lake.purge(["accounts"])
    store = s3.store()
    assert [one.name for one in store.list("lake/accounts") if one.name.endswith(".parquet")] == [
        *(one.name for one in store.list("lake/accounts/_delta_log") if "checkpoint.parquet" in one.name),
        f"lake/accounts/{Path(one.lake.files('accounts')[0]).name}",
    ]
    assert len([one for one in store.list("lake/accounts/_delta_log") if one.name.endswith(".json")]) == 1
    assert rows_of(other, "accounts") == before
    for home in (one, other):
        assert len(list((home.lake_folder / "accounts").glob("*.parquet"))) == 1
        assert len(list((home.lake_folder / "accounts/_delta_log").glob("*.json"))) == 1
    assert machine("third").lake.count("select count(*) from accounts") == len(before)
    other.lake.append([account_row("again")])
    assert one.lake.count("select count(*) from accounts") == len(before) + 1


def test_a_derived_table_that_was_reset_is_written_again(s3, machine, filled, post_row) -> None:
    """A second machine follows, although the new log has the old names."""
    one, other = machine("one"), machine("other")
    for home in (one, other, one):
        home.lake.reset("latest_observations")
        assert one.lake.files("latest_observations") == other.lake.files("latest_observations") == []
        home.lake.rewrite("latest_observations", open_connection(), [], [], [_OBSERVATION])
        [file] = one.lake.files("latest_observations")
        assert [Path(file).name] == [Path(path).name for path in other.lake.files("latest_observations")]
        assert rows_of(one, "latest_observations") == rows_of(other, "latest_observations") != []


_OBSERVATION = """select 'demo' as source, '1' as post_id, now() as observed_at, 3 as likes, 1 as comments,
                         false as likes_hidden, now() as likes_at, now() as comments_at"""
