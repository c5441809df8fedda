"""Appends, upserts and deletions of the lake: every row counts once, and is returned unchanged."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import types
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warehouse.home import Home
from warehouse.schema.derived_tables import LabelLift
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import AccountObservation, Observation, Post
from warehouse.storage import file_commit
from warehouse.storage.delta_upkeep import FILE_RETENTION
from warehouse.storage.lake import COMPACT_ABOVE_FILES, DELETE_VALUES
from warehouse.storage.table_writes import CHECKPOINT_VERSIONS

NO_RESET = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def lift_row(evening: datetime) -> Callable[..., LabelLift]:
    """Make a row of the derived table `lifts`."""

    def make(label: str, **changes: Any) -> LabelLift:
        values: dict[str, Any] = dict.fromkeys(["posts", "accounts", "total"], 12)
        values |= dict.fromkeys(["lift", "low", "high", "p", "q", "mean", "median", "share"], 0.1)
        names = {"classifier": "model", "measure": "likes", "grouped": False, "label": label, "reason": None}
        computed = {"computed_at": evening, "computed_from": "these"}
        return LabelLift(**values | names | computed | changes)

    return make


def read(home: Home, query: str) -> list[tuple[Any, ...]]:
    return home.lake.query(query)


def test_every_change_of_a_table_is_seen_at_once(home: Home, post_row: Callable[..., Post]) -> None:
    """Rows of another lake object, and a backup that is put back, are read although the log was read before."""
    home.lake.append([post_row("a")])
    table = home.lake.folder / "posts"
    backup = shutil.copytree(table, home.folder / "backup")
    assert home.lake.count("select count(*) from posts") == 1
    Home(home.folder).lake.append([post_row("b")])
    assert home.lake.count("select count(*) from posts") == 2
    shutil.rmtree(table)
    shutil.copytree(backup, table)
    assert home.lake.query("select post_id from posts") == [("a",)]


def test_a_batch_appended_twice_counts_once(home: Home, observation_row: Callable[..., Observation]) -> None:
    """The second append adds nothing and writes no file."""
    batch = [observation_row(f"p{i}", likes=i) for i in range(10)]
    assert home.lake.append(batch) == 10
    files = home.lake.files("observations")
    assert home.lake.append(batch) == 0
    assert home.lake.files("observations") == files
    assert read(home, "select count(*), sum(likes) from observations") == [(10, 45)]


def test_an_overlapping_batch_adds_only_its_new_rows(
    home: Home, observation_row: Callable[..., Observation]
) -> None:
    """Only rows with new keys are added; stored rows stay unchanged."""
    home.lake.append([observation_row("a", 1), observation_row("b", 2)])
    assert home.lake.append([observation_row("b", 99), observation_row("c", 3), observation_row("c", 4)]) == 1
    assert read(home, "select post_id, likes from observations order by 1") == [("a", 1), ("b", 2), ("c", 3)]


def test_an_empty_batch_writes_nothing(home: Home) -> None:
    """Empty batches are accepted and return 0."""
    assert (home.lake.append([]), home.lake.upsert([])) == (0, 0)


def test_upsert_updates_and_adds_rows_and_returns_their_number(
    home: Home, post_row: Callable[..., Post]
) -> None:
    """Changed and new rows are stored and counted; the same batch again writes no file."""
    home.lake.upsert([post_row("a", caption="old"), post_row("b", caption="same")])
    batch = [post_row("a", caption=None), post_row("b", caption="same"), post_row("c", caption="new")]
    assert home.lake.upsert(batch) == 2
    files = home.lake.files("posts")
    assert home.lake.upsert(batch) == 0
    assert home.lake.files("posts") == files
    assert read(home, "select post_id, caption from posts order by 1") == [
        ("a", None),
        ("b", "same"),
        ("c", "new"),
    ]


def test_upsert_does_not_update_the_columns_in_keep(
    home: Home, post_row: Callable[..., Post], evening: datetime
) -> None:
    """A column in `keep` stays as first written in stored rows, and does not count as a change."""
    home.lake.upsert([post_row("a")], keep=["first_seen_at"])
    later = evening + timedelta(days=1)
    moved = [post_row("a", first_seen_at=later, last_seen_at=later), post_row("b", first_seen_at=later)]
    assert home.lake.upsert(moved, keep=["first_seen_at"]) == 2
    assert home.lake.upsert([replace(moved[0], first_seen_at=evening)], keep=["first_seen_at"]) == 0
    found = read(home, "select first_seen_at, last_seen_at from posts order by post_id")
    first, last, other = evening.replace(tzinfo=None), later.replace(tzinfo=None), later.replace(tzinfo=None)
    assert found[0] == (first, last) and found[1][0] == other


@pytest.mark.parametrize("count", [0, 1, 2**31, 2**53 + 1, 2**63 - 1])
def test_counts_are_64_bit(home: Home, observation_row: Callable[..., Observation], count: int) -> None:
    """Counts beyond 32 bits, and beyond the precision of a double, are returned exactly."""
    home.lake.append([observation_row("a", count, count)])
    assert read(home, "select likes, comments from observations") == [(count, count)]


def test_a_missing_number_stays_null(home: Home, observation_row: Callable[..., Observation]) -> None:
    """Null stays null and 0 stays 0 through appends and merges."""
    home.lake.append([observation_row("hidden", None, None), observation_row("none", 0, 0)])
    home.lake.upsert([observation_row("none", None, 0), observation_row("more", 0, None)])
    assert read(home, "select post_id, likes, comments from observations order by 1") == [
        ("hidden", None, None),
        ("more", 0, None),
        ("none", None, 0),
    ]


def test_times_are_stored_in_utc(home: Home, observation_row: Callable[..., Observation]) -> None:
    """A time with another offset is stored as the same instant in UTC, to the microsecond."""
    seen = datetime(2026, 3, 1, 0, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    home.lake.append([observation_row("a", 1, observed_at=seen)])
    assert home.lake.append([observation_row("a", 1, observed_at=seen.astimezone(UTC))]) == 0
    assert read(home, "select observed_at from observations") == [(datetime(2026, 2, 28, 19, 0, 0, 123456),)]


@pytest.mark.slow
@NO_RESET
@given(text=st.text(st.characters(exclude_categories=["Cs"])), key=st.text(st.characters(codec="utf-8")))
def test_any_text_is_returned_unchanged(
    home: Home, run_row: Callable[..., StageRun], text: str, key: str
) -> None:
    """Text with quotes, line ends, NUL or emoji is stored, selected by its key and deleted exactly."""
    row = run_row(run_id=key, lane="text", message=text)
    home.lake.upsert([row])
    assert home.lake.upsert([row]) == 0
    with home.lake.reader() as reader:
        found = reader.execute("select message from runs where run_id = ?", [key]).fetchall()
    assert found == [(text,)]
    home.lake.delete("runs", "run_id", [key])
    assert read(home, "select count(*) from runs") == [(0,)]


def test_delete_removes_only_the_named_values(home: Home, post_row: Callable[..., Post]) -> None:
    """More values than one statement takes, with quotes in them, are deleted within the condition only."""
    names = [f'it\'s "{i}" \\ %_' for i in range(DELETE_VALUES + 5)]
    home.lake.append([post_row(name, source=source) for name in names for source in ("o'ne", "two")])
    home.lake.delete("posts", "post_id", names[1:], "source = 'o''ne'")
    assert read(home, "select source, count(*) from posts group by all order by 1") == [
        ("o'ne", 1),
        ("two", len(names)),
    ]


@pytest.mark.slow
def test_tidy_merges_small_files_and_changes_no_row(
    home: Home, account_row: Callable[..., AccountObservation], observation_row: Callable[..., Observation]
) -> None:
    """Many small files become one, a table with few files is not changed, and every row stays the same."""
    for number in range(COMPACT_ABOVE_FILES + 1):
        home.lake.append([account_row(f"a{number}", posts=None if number % 2 else number)])
    home.lake.append([observation_row("a", 1)])
    home.lake.append([observation_row("b", 1)])
    before = read(home, "select * from accounts order by all")
    few = home.lake.files("observations")
    home.lake.tidy()
    assert len(home.lake.files("accounts")) == 1
    assert read(home, "select * from accounts order by all") == before
    assert home.lake.files("observations") == few
    assert home.lake.append([account_row("a0")]) == 0


def test_replacing_by_the_same_rows_writes_nothing(home: Home, lift_row: Callable[..., LabelLift]) -> None:
    """Other rows replace all stored ones in one commit; the same ones in any order, with nulls, make no commit."""
    rows = [lift_row("cat"), lift_row("dog", lift=None, reason="no_others")]
    table = str(home.lake.folder / "lifts")
    steps = [
        (rows, True),
        (rows[::-1], False),
        ([*rows, rows[0]], True),
        (rows[:1], True),
        ([lift_row("cat", high=2.5)], True),
        ([], True),
        ([], False),
    ]
    for replaced, changes in steps:
        version = DeltaTable(table).version()
        assert home.lake.replace(LabelLift, replaced) is changes
        assert DeltaTable(table).version() == version + changes
        labels = sorted((row.label, row.high) for row in replaced)
        assert read(home, "select label, high from lifts order by all") == labels
        assert len(home.lake.files("lifts")) == bool(replaced)


@pytest.mark.slow
def test_tidy_deletes_old_files_of_a_replaced_table(home: Home, lift_row: Callable[..., LabelLift]) -> None:
    """Files of replaced rows that no version of the last week needs are deleted, and the rows stay."""
    for number in range(COMPACT_ABOVE_FILES + 1):
        home.lake.replace(LabelLift, [lift_row("cat", posts=number)])
    folder = home.lake.folder / "lifts"
    home.lake.tidy()
    assert len(list(folder.glob("*.parquet"))) == COMPACT_ABOVE_FILES + 1, "they are young"
    keep = {"delta.deletedFileRetentionDuration": "interval 0 seconds"}
    DeltaTable(str(folder)).alter.set_table_properties(keep)
    home.lake.tidy()
    assert [str(file) for file in folder.glob("*.parquet")] == home.lake.files("lifts")
    assert read(home, "select posts from lifts") == [(COMPACT_ABOVE_FILES,)]


@pytest.mark.slow
def test_tidy_deletes_files_whose_removal_a_checkpoint_has_dropped(
    home: Home, post_row: Callable[..., Post]
) -> None:
    """A table with many versions in each run, and so with a checkpoint before it is tidied, loses its old files too."""
    folder = home.lake.folder / "posts"
    DeltaTable(str(folder)).alter.set_table_properties({FILE_RETENTION: "interval 0 seconds"})
    for number in range(CHECKPOINT_VERSIONS + 5):
        home.lake.upsert([post_row("a", caption=f"{number}")])
    home.lake.tidy()
    assert [str(file) for file in folder.glob("*.parquet")] == home.lake.files("posts")
    assert read(home, "select caption from posts") == [(f"{number}",)]


@pytest.mark.slow
def test_a_version_of_the_history_stays_readable_after_checkpoints(
    home: Home, post_row: Callable[..., Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a history of 30 days, a file that was replaced ten days ago stays, and so does one that tidying finds."""
    home.lake.tidy(30 * 24)
    home.lake.upsert([post_row("a")])
    [file] = home.lake.files("posts")
    now, day = time.time(), 24 * 60 * 60
    os.utime(file, (now - 60 * day, now - 60 * day))
    version = DeltaTable(str(home.lake.folder / "posts")).version()
    monkeypatch.setattr(
        file_commit, "time", types.SimpleNamespace(time_ns=lambda: int((now - 10 * day) * 10**9))
    )
    for number in range(CHECKPOINT_VERSIONS):
        home.lake.upsert([post_row("a", caption=f"{number}")])
    home.lake.tidy()
    assert [home.lake.vacuum("posts", 30 * 24) for _ in range(2)] == [0, 0]
    then = DeltaTable(str(home.lake.folder / "posts"), version=version)
    assert then.to_pyarrow_dataset().count_rows() == 1


def test_polars_reads_the_lake_without_likelens(
    home: Home, observation_row: Callable[..., Observation]
) -> None:
    """Polars scans a table without DuckDB or likelens, also after updates."""
    home.lake.append([observation_row("a", 1), observation_row("b", 2)])
    home.lake.upsert([observation_row("b", 20)])
    found = pl.scan_delta(str(home.lake.folder / "observations")).sort("post_id").select("likes").collect()
    assert found["likes"].to_list() == [1, 20]


def test_an_open_reader_stays_at_its_version(home: Home, observation_row: Callable[..., Observation]) -> None:
    """Rows that are written while a reader is open do not appear in it."""
    home.lake.append([observation_row("a", 1)])
    with home.lake.reader() as reader:
        home.lake.append([observation_row("b", 2)])
        home.lake.upsert([observation_row("a", 10)])
        assert reader.execute("select post_id, likes from observations").fetchall() == [("a", 1)]
    assert read(home, "select sum(likes) from observations") == [(12,)]


def test_what_does_not_fit_in_memory_stays_out_of_the_working_folder(home: Home) -> None:
    """DuckDB puts it into the system's folder for temporary files, in a folder of this process."""
    with home.lake.reader("posts") as reader:
        [(folder,)] = reader.execute("select current_setting('temp_directory')").fetchall()
    assert Path(folder).parent == Path(tempfile.gettempdir()) and not Path(folder).exists()
