"""Questions about the newest rows read the newest files, here and in the published database."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest
from deltalake import DeltaTable, write_deltalake

from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.schema.tables import TABLES

NEW = datetime(2026, 1, 20, tzinfo=UTC)
QUERY = "select count(sha256) from pictures where fetched_at >= '2026-01-10'::timestamp"
_SCANNED = re.compile(r"Row Groups Scanned: (\d+) / (\d+)")


@pytest.fixture
def stored(home: Home, picture_row: Any) -> Home:
    """Pictures of three nights, each in a file of its own, of which the last is new."""
    for night in range(3):
        at = NEW - timedelta(days=20 * (2 - night))
        home.lake.append([picture_row(f"{night} {n}", fetched_at=at) for n in range(4)])
    return home


def scanned(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """How many parts of files DuckDB reads, of how many."""
    [(_, plan)] = connection.execute(f"explain analyze {QUERY}").fetchall()
    found = _SCANNED.search(plan)
    assert found, plan
    return int(found[1]), int(found[2])


def in_lake(home: Home) -> tuple[int, int]:
    with home.lake.reader(QUERY) as reader:
        assert reader.execute(QUERY).fetchall() == [(4,)]
        return scanned(reader)


def in_database(home: Home) -> tuple[int, int]:
    publish(home)
    with duckdb.connect(str(home.database), read_only=True) as connection:
        assert connection.execute(QUERY).fetchall() == [(4,)]
        return scanned(connection)


@pytest.mark.slow
@pytest.mark.parametrize("read", [in_lake, in_database])
def test_older_files_are_not_read(stored: Home, read: Callable[[Home], tuple[int, int]]) -> None:
    """So the cost of a night does not grow with what is stored."""
    assert read(stored) == (1, 3)


@pytest.mark.parametrize("read", [in_lake, in_database])
def test_a_table_of_an_older_version_has_the_same_rows(
    stored: Home, read: Callable[[Home], tuple[int, int]]
) -> None:
    """Its files lack columns, which are null; no part of a file is skipped then."""
    folder = str(stored.lake.folder / "pictures")
    rows = DeltaTable(folder).to_pyarrow_table().drop_columns(["copy_sha256", "copy_bytes", "reduced_at"])
    write_deltalake(folder, rows, mode="overwrite", schema_mode="overwrite")
    read(stored)
    with stored.lake.reader(QUERY) as reader:
        columns = [name for name, *_ in reader.execute("describe pictures").fetchall()]
        assert columns == [column.name for column in TABLES["pictures"].columns]
        assert reader.execute("select count(*), count(reduced_at) from pictures").fetchall() == [(12, 0)]
