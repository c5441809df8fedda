"""A table's version by its log: what the Delta library reads too, and which files a query does not open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from deltalake import DeltaTable, Field
from deltalake.schema import PrimitiveType

from warehouse.home import Home
from warehouse.records.pending import count_to_fetch, pictures_to_label
from warehouse.records.runs import StageResult, begin_run
from warehouse.records.stored_posts import known_posts
from warehouse.schema.picture_tables import Picture
from warehouse.schema.tables import TABLES, Observation, Post, PostPicture
from warehouse.storage import table_versions
from warehouse.storage.lake import Lake
from warehouse.storage.table_versions import MAX_REPLAYED, TableVersion, read_version


def by_the_delta_library(lake: Lake, name: str, monkeypatch: pytest.MonkeyPatch) -> TableVersion:
    """The version as a process reads it that has read nothing before, without a commit by our own code."""
    with monkeypatch.context() as patch:
        patch.setattr(table_versions, "_read", {})
        patch.setattr(table_versions, "MAX_REPLAYED", -1)
        return read_version(lake.folder, TABLES[name])


def same(one: TableVersion, other: TableVersion) -> bool:
    """Whether two versions are equal, in any order of their files."""
    return (one.number, one.columns, one.complete) == (
        other.number,
        other.columns,
        other.complete,
    ) and sorted(map(repr, one.files)) == sorted(map(repr, other.files))


def plain(version: TableVersion) -> TableVersion:
    """The version with plain values in place of the library's own types."""

    def utc(values: object) -> dict[str, object]:
        assert isinstance(values, dict)
        return {
            name: value.astimezone(UTC) if isinstance(value, datetime) else value
            for name, value in sorted(values.items())
        }

    files = tuple(
        replace(file, lowest=utc(file.lowest), highest=utc(file.highest), nulls=utc(file.nulls))
        for file in version.files
    )
    return replace(version, files=files)


def test_each_write_is_read_as_the_delta_library_reads_it(
    home: Home,
    post_row: Callable[..., Post],
    observation_row: Callable[..., Observation],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After appends, updates, a compaction and a deletion files, bounds and numbers of nulls are the same."""
    lake = home.lake

    def check() -> None:
        for name in ("posts", "observations"):
            ours = read_version(lake.folder, TABLES[name])
            assert same(plain(ours), plain(by_the_delta_library(lake, name, monkeypatch)))
            assert ours.complete == {file.path for file in ours.files}

    check()
    for number in range(18):
        lake.append([observation_row(str(number), None if number % 2 else 7)])
        lake.upsert([post_row(str(number), caption="é𠀀 \u2028", source=f"source {number % 3}")])
    check()
    lake.upsert([post_row("5", caption="new", source="source 2", posted_at=None)])
    check()
    lake.tidy()
    lake.delete("observations", "post_id", ["3"])
    check()
    assert lake.count("select count(*) from observations") == 17


def test_a_column_that_another_version_added_is_noticed(
    home: Home, post_row: Callable[..., Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then no file is known to be complete, because the newer likelens may have written any of them."""
    lake = home.lake
    lake.append([post_row("1")])
    assert read_version(lake.folder, TABLES["posts"]).complete
    DeltaTable(str(lake.folder / "posts")).alter.add_columns([Field("mood", PrimitiveType("string"))])
    lake.append([post_row("2")])
    version = read_version(lake.folder, TABLES["posts"])
    assert "mood" in version.columns
    assert not version.complete
    assert same(plain(version), plain(by_the_delta_library(lake, "posts", monkeypatch)))
    assert lake.count("select count(*) from posts") == 2


def test_a_log_of_many_commits_is_read_by_the_delta_library(
    home: Home, account_row: Callable[..., Observation], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads checkpoints, which are written after some versions, and the commits after them."""
    monkeypatch.setattr(table_versions, "MAX_REPLAYED", min(MAX_REPLAYED, 3))
    for number in range(45):
        home.lake.append([account_row(str(number))])
        monkeypatch.setattr(table_versions, "_read", {})
        assert len(read_version(home.lake.folder, TABLES["accounts"]).files) == number + 1
    log = home.lake.folder / "accounts" / "_delta_log"
    assert len(list(log.glob("*.checkpoint.parquet"))) == 2


def remove_files(lake: Lake, name: str, wanted: Callable[[Path], bool]) -> None:
    """Delete data files, so that a query which opens them fails."""
    gone = [path for path in map(Path, lake.files(name)) if wanted(path)]
    assert gone
    for path in gone:
        path.unlink()


def test_a_query_for_posts_opens_no_files_of_other_sources(
    home: Home, post_row: Callable[..., Post], observation_row: Callable[..., Observation]
) -> None:
    """The log has the sources and posts of each file."""
    lake = home.lake
    lake.append([post_row("1", source="a")])
    lake.append([observation_row("1", 5, source="a")])
    kept = {*lake.files("posts"), *lake.files("observations")}
    lake.append([post_row("1", source="b")])
    lake.append([observation_row("1", 6, source="b")])
    for name in ("posts", "observations"):
        remove_files(lake, name, lambda path: str(path) not in kept)
    assert known_posts(lake, "a", ["1"])["1"].likes == 5


def test_a_night_opens_no_files_of_linked_and_labelled_pictures(
    home: Home,
    post_picture_row: Callable[..., PostPicture],
    picture_row: Callable[..., Picture],
) -> None:
    """The log has the number of pictures without a hash, and the last time of each file."""
    lake = home.lake
    lake.append([post_picture_row("1", "a")])
    lake.append([picture_row("a", fetched_at=datetime(2020, 1, 1, tzinfo=UTC))])
    old = {*lake.files("post_pictures"), *lake.files("pictures")}
    journal = begin_run(lake)
    journal.start("classify", "model")
    journal.finish("classify", "model", StageResult("done", 1, version="1"))
    lake.append([post_picture_row("2", None)])
    lake.append([picture_row("b", fetched_at=datetime.now(UTC))])
    for name in ("post_pictures", "pictures"):
        remove_files(lake, name, lambda path: str(path) in old)
    assert count_to_fetch(lake, {}, datetime.now(UTC)) == 1
    [batch] = pictures_to_label(lake, "model", "1", 10)
    assert len(batch) == 1
