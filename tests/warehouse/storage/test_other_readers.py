"""The lake as the Delta kernel reads it, which shares no code with the library that writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from benchmarks.readers.__main__ import find_differences, our_ranking
from benchmarks.readers.engines import open_kernel, read_by_kernel
from tests.warehouse import eventful_home
from warehouse.home import Home
from warehouse.schema.tables import TABLES
from warehouse.storage.lake_files import LakeFile

pytestmark = pytest.mark.slow

STORED = ("posts", "post_pictures", "observations", "pictures", "labels", "embeddings", "runs", "post_labels")
CUT = timedelta(milliseconds=1)
"""Delta's protocol lets a log cut times to milliseconds, and readers add one to the greatest value."""


@pytest.fixture(scope="module")
def eventful(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home folder, with a blank and letters beyond ASCII in its path, that lived through a month of nights."""
    home = Home(tmp_path_factory.mktemp("readers") / "a hömé")
    eventful_home.fill(home)
    return home


def actions(folder: Path) -> Iterator[dict[str, Any]]:
    """The actions of a table's log by Delta's protocol: the last checkpoint, and the versions after it."""
    log = folder / "_delta_log"
    first = 0
    for checkpoint in sorted(log.glob("*.checkpoint.parquet"))[-1:]:
        first = int(checkpoint.name.split(".")[0]) + 1
        yield from ({k: v for k, v in row.items() if v} for row in pq.read_table(checkpoint).to_pylist())
    for version in sorted(log.glob("*.json")):
        if int(version.stem) >= first:
            yield from map(json.loads, version.read_text(encoding="utf-8").splitlines())


def replay(folder: Path) -> dict[str, dict[str, Any]]:
    """The statistics of the current files by their names."""
    files: dict[str, dict[str, Any]] = {}
    for action in actions(folder):
        if added := action.get("add"):
            files[added["path"]] = json.loads(added["stats"]) | {"size": added["size"]}
        elif removed := action.get("remove"):
            files.pop(removed["path"], None)
    return files


def test_the_lake_lived_through_all_that_a_real_one_does(eventful: Home) -> None:
    """Otherwise the tests below show less than they say."""
    for name in ("posts", "labels"):
        folder = eventful.lake.folder / name
        assert list((folder / "_delta_log").glob("*.checkpoint.parquet")), name
        log = "".join(one.read_text(encoding="utf-8") for one in (folder / "_delta_log").glob("*.json"))
        assert '"remove"' in log and '"engineInfo": "likelens"' in log, name
    deletions = (eventful.lake.folder / "observations" / "_delta_log").glob("*.json")
    assert any('"DELETE"' in one.read_text(encoding="utf-8") for one in deletions)
    labels = eventful.lake.folder / "labels"
    current = {Path(file).name for file in eventful.lake.files("labels")}
    assert {file.name for file in labels.glob("*.parquet")} == current, "old files were vacuumed"
    assert eventful.lake.count("select count(*) from posts where account = 'forgotten'") == 0
    older = "select count(*) from observations where shares is null and observed_at < '2026-03-02'"
    assert eventful.lake.count(older) > 0


def test_every_table_has_the_oldest_protocol(eventful: Home) -> None:
    """Reader 1 and writer 2 without features, which every Delta reader knows; and no partitions."""
    names = [name for name in TABLES if eventful.lake.files(name)]
    assert set(STORED) <= set(names)
    for name in names:
        found = list(actions(eventful.lake.folder / name))
        *_, protocol = (one["protocol"] for one in found if one.get("protocol"))
        *_, metadata = (one["metaData"] for one in found if one.get("metaData"))
        assert (protocol["minReaderVersion"], protocol["minWriterVersion"]) == (1, 2), name
        assert not protocol.get("readerFeatures") and not protocol.get("writerFeatures"), name
        assert not metadata["partitionColumns"], name


@pytest.mark.parametrize("name", STORED)
def test_the_kernel_reads_the_rows_and_types_of_likelens(eventful: Home, name: str) -> None:
    """Every value, with nulls, times to the microsecond and characters beyond the basic plane; types and comments."""
    found, table = read_by_kernel(eventful.lake.folder, name), TABLES[name]
    assert {field.name: field.type for field in found.schema} == {c.name: c.type for c in table.columns}
    comments = {field.name: field.metadata[b"comment"].decode() for field in found.schema if field.metadata}
    assert comments == {c.name: c.comment for c in table.columns}
    columns = ", ".join(c.name for c in table.columns)
    with duckdb.connect() as connection, eventful.lake.reader(name) as reader:
        connection.execute("set time zone 'UTC'")
        connection.register("found", found)
        theirs = connection.execute(f"select {columns} from found order by {', '.join(table.key)}").fetchall()
        ours = reader.execute(f"select {columns} from {name} order by {', '.join(table.key)}").fetchall()
    assert ours and [_plain(row) for row in theirs] == [_plain(row) for row in ours]


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(value.replace(tzinfo=None) if isinstance(value, datetime) else value for value in row)


def test_rankings_that_the_kernel_reads_are_those_of_likelens(eventful: Home) -> None:
    """By likes and comments, mean and total, and by count, for both classifiers: all labels in order; means to 12 digits.

    They are computed from the tables of the lake, without a view of ours, and again from the table `post_labels`.
    """
    for classifier in eventful_home.CLASSIFIERS:
        assert len(our_ranking(eventful, classifier, "count", "mean")) == len(eventful_home.LABELS)
    with open_kernel(eventful.lake.folder) as engine:
        assert find_differences(eventful, engine) == []


@pytest.mark.parametrize("name", [name for name in STORED if name != "embeddings"])
def test_the_log_describes_every_file_as_it_is(eventful: Home, name: str) -> None:
    """Engines skip files by what the log says: number of rows, least and greatest values, nulls, size in bytes."""
    folder, described = eventful.lake.folder / name, replay(eventful.lake.folder / name)
    ours: list[LakeFile] = eventful.lake.list_files(name)
    assert set(described) == {file.name for file in ours}
    for file, statistics in described.items():
        rows = pq.read_table(folder / file)
        assert statistics["numRecords"] == rows.num_rows
        assert statistics["size"] == (folder / file).stat().st_size
        for column, nulls in statistics["nullCount"].items():
            assert nulls == (rows[column].null_count if column in rows.column_names else rows.num_rows), (
                column
            )
        assert statistics["minValues"].keys() == statistics["maxValues"].keys() >= {TABLES[name].key[0]}
        for column in statistics["minValues"]:
            known = [value for value in rows[column].to_pylist() if value is not None]
            least, greatest = min(known), max(known)
            low = _value(statistics["minValues"][column], least)
            high = _value(statistics["maxValues"][column], least, CUT)
            assert low <= least and greatest <= high, (column, low, least, high, greatest)


def _value(stated: Any, example: Any, cut: timedelta = timedelta()) -> Any:
    return datetime.fromisoformat(stated) + cut if isinstance(example, datetime) else stated
