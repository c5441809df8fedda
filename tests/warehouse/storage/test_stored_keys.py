"""Writes read only the files that can have their keys, and what they skip can't hide a duplicate."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from deltalake import DeltaTable, write_deltalake

from warehouse.home import Home
from warehouse.schema.picture_tables import PictureLabel
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import TABLES, Observation, Post
from warehouse.storage import file_layout, stored_keys, table_writes
from warehouse.storage.file_layout import COMPACT_ABOVE_FILES

LONG = "é" * 40 + "\U0010ffff" * 40


@pytest.fixture
def read_files(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The files that each later check reads."""
    seen: list[list[str]] = []
    scan = stored_keys.scan

    def record(files: Any, *others: Any, **options: Any) -> str:
        seen.append(list(files))
        return scan(files, *others, **options)

    monkeypatch.setattr(stored_keys, "scan", record)
    return seen


def test_posts_are_checked_against_their_source(
    home: Home, post_row: Callable[..., Post], read_files: list[list[str]]
) -> None:
    """Posts of one source are compared with the files that have rows of this source."""
    for source in ("one", "three", "two"):
        home.lake.upsert([post_row(name, source=source) for name in "abc"])
    read_files.clear()
    assert home.lake.upsert([post_row("b", source="two"), post_row("c", source="two", caption="new")]) == 1
    assert [len(files) for files in read_files] == [1]
    assert home.lake.upsert([post_row("a", source="unknown")]) == 1
    assert read_files[1] == []


def test_observations_and_labels_are_checked_where_they_can_be(
    home: Home,
    observation_row: Callable[..., Observation],
    label_row: Callable[..., PictureLabel],
    evening: datetime,
    read_files: list[list[str]],
) -> None:
    """Observations are compared with those of their time, and labels with those of their classifier and version."""
    for day in range(3):
        at = evening + timedelta(days=day, microseconds=999)
        home.lake.append([observation_row(name, 1, observed_at=at) for name in "abc"])
        home.lake.append([label_row(name, "cat", version=f"{day}") for name in "abc"])
    read_files.clear()
    assert (
        home.lake.append([observation_row("b", 5, observed_at=evening + timedelta(days=1, microseconds=999))])
        == 0
    )
    assert home.lake.append([label_row("b", "dog", version="1"), label_row("d", "dog", version="1")]) == 1
    assert home.lake.append([label_row("b", "dog", classifier="other", version="1")]) == 1
    assert [len(files) for files in read_files] == [1, 1, 0]


@pytest.mark.parametrize("own", [False, True])
def test_keys_that_the_log_shortens_are_found(
    home: Home, run_row: Callable[..., StageRun], own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys longer than the statistics of a file count once, in files of the Delta library and in ours."""
    keys = [LONG + end for end in ("", "a", "\U0010ffff")] + ["x" * 500, "x" * 499]
    home.lake.append([run_row(run_id=key) for key in keys])
    if own:
        home.lake.upsert([run_row(run_id=key, message="changed") for key in keys])
    assert home.lake.append([run_row(run_id=key) for key in keys]) == 0
    assert home.lake.upsert([run_row(run_id=key, message="again") for key in keys]) == len(keys)
    assert home.lake.count("select count(*) from runs where message = 'again'") == len(keys)


@pytest.mark.parametrize("key", ["\U00020bb7", "\U0010ffff", "a\x00b", "\"\\\n'", "\u2028é😀"])
def test_keys_of_rare_characters_are_found(home: Home, post_row: Callable[..., Post], key: str) -> None:
    """A key counts once in a file of ours, whatever its characters are and however the log escapes them."""
    assert home.lake.upsert([post_row(key, source=key)]) == 1
    assert home.lake.upsert([post_row(key, source=key, caption="changed")]) == 1
    assert home.lake.append([post_row(key, source=key)]) == 0
    assert home.lake.query("select source, post_id, caption from posts") == [(key, key, "changed")]


def test_a_home_of_an_older_layout_goes_on(
    home: Home, post_row: Callable[..., Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files with rows of all sources, without statistics, are read, updated and divided by source."""
    monkeypatch.setattr(file_layout, "GROUP_ROWS", 20)
    folder = str(home.lake.folder / "posts")
    DeltaTable(folder).alter.set_table_properties({"delta.dataSkippingNumIndexedCols": "0"})
    rows = [post_row(f"{n}", source=f"s{n % 5}") for n in range(100)]
    for start in (0, 50):
        mixed = random.Random(start).sample(rows[start : start + 50], 50)
        write_deltalake(folder, TABLES["posts"].to_arrow(mixed), mode="append")
    assert home.lake.append(rows) == 0
    assert home.lake.upsert([post_row("7", source="s2", caption="new"), post_row("x", source="s2")]) == 2
    assert home.lake.count("select count(*) from posts") == 101
    files = home.lake.files("posts")
    assert len(files) == 3, "the file with the row became two, the other is as it was"
    assert home.lake.upsert([post_row("7", source="s2", caption="newer")]) == 1
    assert len(set(files) & set(home.lake.files("posts"))) == 2, "an update touches the files of its source"
    assert home.lake.query("select caption from posts where post_id = '7'") == [("newer",)]


@pytest.mark.slow
def test_updates_and_compactions_are_those_of_a_dictionary(
    home: Home, post_row: Callable[..., Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After random writes and compactions, with files of few rows, the table has the rows of a plain dictionary."""
    monkeypatch.setattr(file_layout, "GROUP_ROWS", 16)
    monkeypatch.setattr(table_writes, "CHECKPOINT_VERSIONS", 7)
    chosen, expected = random.Random(11), dict[tuple[str, str], str | None]()
    for number in range(60):
        source = f"s{chosen.randrange(4)}"
        batch = [post_row(f"{n}", source=source, caption=f"{number}") for n in chosen.sample(range(60), 6)]
        if chosen.random() < 0.5:
            batch = batch[:1]
        home.lake.upsert(batch)
        expected |= {(row.source, row.post_id): row.caption for row in batch}
        if number % 10 == 9:
            home.lake.tidy()
    found = home.lake.query("select source, post_id, caption from posts")
    assert {(source, post_id): caption for source, post_id, caption in found} == expected
    assert len(found) == len(expected)
    assert len(home.lake.files("posts")) < COMPACT_ABOVE_FILES + len(expected) / 8
    assert list((home.lake.folder / "posts" / "_delta_log").glob("*.checkpoint.parquet"))


def test_an_observation_is_found_after_compaction(
    home: Home, observation_row: Callable[..., Observation], evening: datetime
) -> None:
    """Compacted files are sorted by their key, have no row twice, and reject what they have."""
    batches = [
        [observation_row(name, day, observed_at=evening + timedelta(days=day)) for name in "cab"]
        for day in range(COMPACT_ABOVE_FILES + 1)
    ]
    for batch in batches:
        home.lake.append(batch)
    home.lake.tidy()
    [file] = home.lake.files("observations")
    with duckdb.connect() as connection:
        keys = connection.execute(
            "select post_id, observed_at::varchar from read_parquet(?)", [file]
        ).fetchall()
    assert keys == sorted(keys) and len(keys) == 3 * len(batches)
    assert [home.lake.append(batch) for batch in batches] == [0] * len(batches)
    assert Path(file).name in {file.name for file in (home.lake.folder / "observations").glob("*.parquet")}
