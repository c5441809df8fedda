"""The published database: views over the lake's files. It holds no data.

It is built beside the old one and renamed over it, so a reader sees either the old or the new database. An open
session keeps the old file and the Parquet files that it names, which stay for a week (`storage.retention.KEEP_HOURS`).
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from warehouse.database.derived.refresh import refresh_tables
from warehouse.database.lift_table import refresh_lifts
from warehouse.database.sql import MACROS, VIEWS
from warehouse.disk_space import detect_full_disk, require_free_space
from warehouse.home import Home
from warehouse.schema.derived_tables import ComparedPosts, LabelLift
from warehouse.schema.sql_types import quote
from warehouse.schema.table_schema import Table
from warehouse.schema.tables import TABLES
from warehouse.storage.damage import detect_damage
from warehouse.storage.lake_copy import bring_files
from warehouse.storage.lake_reader import select_utc

READABLE_FROM = "v1.2.0"
"""The oldest DuckDB that opens the published database: an analyst often has an older one than likelens."""

_FROM_DATABASE = (LabelLift.table, ComparedPosts.table)
"""Derived tables that are computed from the views of the new database."""


def publish(home: Home) -> None:
    """Build `likelens.duckdb` over the current lake, and replace the old one.

    The derived tables are brought up to date first. `lifts` and `compared_posts` are computed from the new database.
    The caller holds the lock of the home folder, so temporary files there belong to a killed run. Raises `DiskFull`,
    `LakeBusy` or `LakeDamaged`; after any error the old database stays.
    """
    _replace_database(home, writes=True)


def publish_copy(home: Home) -> None:
    """Build `likelens.duckdb` over this machine's copy of the tables, as they are: it writes nothing to the store."""
    _replace_database(home, writes=False)


def _replace_database(home: Home, *, writes: bool) -> None:
    require_free_space(home.folder)
    temporary = home.folder / f".likelens-{os.getpid()}.duckdb"
    for file in home.folder.glob(".likelens-*.duckdb*"):
        _remove(file)
    try:
        with (
            detect_full_disk(home.folder),
            detect_damage(home.lake.folder),
            duckdb.connect(
                str(temporary), config={"storage_compatibility_version": READABLE_FROM}
            ) as connection,
        ):
            connection.begin()
            _write(connection, home, writes=writes)
            connection.commit()
        # A session that wrote to the old file may have left a log, which does not belong to the new file.
        _remove(_log_of(home.database))
        os.replace(temporary, home.database)
    finally:
        _remove(temporary)
        _remove(_log_of(temporary))


def _write(connection: duckdb.DuckDBPyConnection, home: Home, *, writes: bool) -> None:
    files = refresh_tables(home.lake) if writes else home.lake.all_files()
    for table in TABLES.values():
        if table.name not in _FROM_DATABASE:
            _create_table_view(connection, table, [file.path for file in files[table.name]])
    for view in VIEWS:
        connection.execute(f"create view {view.name} as {view.query}")
        _comment(connection, "view", view.name, view.comment, view.columns or _label_comments())
    if writes:
        refresh_lifts(home.lake, connection, files)
    for name in _FROM_DATABASE:
        _create_table_view(connection, TABLES[name], home.lake.files(name))
    for macro in MACROS:
        connection.execute(f"create macro {macro.name}({macro.parameters}) as table {macro.query}")
        connection.execute(f"comment on macro table {macro.name} is {quote(macro.comment)}")


def _create_table_view(connection: duckdb.DuckDBPyConnection, table: Table, files: Sequence[str]) -> None:
    bring_files(files)  # those of a table in an object store that this machine does not have yet
    connection.execute(f"create view {table.name} as {select_utc(files, table)}")
    _comment(connection, "view", table.name, table.comment, {c.name: c.comment for c in table.columns})


def _comment(
    connection: duckdb.DuckDBPyConnection, kind: str, name: str, comment: str, columns: Mapping[str, str]
) -> None:
    connection.execute(f"comment on {kind} {name} is {quote(comment)}")
    for column, meaning in columns.items():
        connection.execute(f"comment on column {name}.{column} is {quote(meaning)}")


def _label_comments() -> dict[str, str]:
    return {c.name: c.comment for c in TABLES["labels"].columns}


def _log_of(database: Path) -> Path:
    return database.with_name(database.name + ".wal")


def _remove(file: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if file.is_dir():  # where DuckDB puts what does not fit in memory
            shutil.rmtree(file)
        else:
            file.unlink()
