"""The published database: views over the lake's files. It holds no data.

It is built beside the old one and renamed over it, so a reader sees either the old or the new database. An open
session keeps the old file and the Parquet files that it names, which stay for a week (`storage.retention.KEEP_HOURS`).

A process that publishes again, as each run does at its end, takes the database that it built last and replaces the views
whose files changed: to define everything takes DuckDB half a second, most of it for the comments.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb

from warehouse.database.definitions import (
    FROM_DATABASE,
    READABLE_FROM,
    Built,
    Queries,
    define_all,
    define_computed,
    define_views,
)
from warehouse.database.derived.refresh import refresh_tables
from warehouse.database.lift_table import refresh_lifts
from warehouse.disk_space import detect_full_disk, require_free_space
from warehouse.home import Home
from warehouse.memory import HIDE_PROGRESS, limit_memory
from warehouse.schema.tables import TABLES
from warehouse.storage.damage import detect_damage, require_whole

Files = Mapping[str, Sequence[str]]


_latest: list[Built] = []


def publish(home: Home) -> None:
    """Build `likelens.duckdb` over the current lake, and replace the old one; in an object store, there too.

    The derived tables are brought up to date first. `lifts` and `compared_posts` are computed from the new database.
    The caller holds the lock of the home folder, so temporary files there belong to a killed run. Raises `DiskFull`,
    `LakeBusy` or `LakeDamaged`; after any error the old database stays.
    """
    files = _replace(home, lambda connection, defined: _write(connection, home, defined))
    if home.store is not None:
        from warehouse.database.store_database import upload_database  # fsspec, of the extra `store`

        upload_database(home.store, home.folder, files, _latest[-1])


def publish_copy(home: Home) -> None:
    """Build `likelens.duckdb` over the current lake as it is, and replace the old one; nothing is computed.

    Of a lake in an object store all files of the current versions are downloaded. Raises as `publish` does.
    """

    def write(connection: duckdb.DuckDBPyConnection, defined: Queries | None) -> tuple[Files, Queries]:
        files = {name: [file.path for file in found] for name, found in home.lake.all_files().items()}
        return files, define_all(connection, files, defined)

    _replace(home, write)


def _replace(
    home: Home, write: Callable[[duckdb.DuckDBPyConnection, Queries | None], tuple[Files, Queries]]
) -> Files:
    home.folder.mkdir(parents=True, exist_ok=True)  # of a machine that has no copy yet
    require_free_space(home.folder)
    temporary = home.folder / f".likelens-{os.getpid()}.duckdb"
    for file in home.folder.glob(".likelens-*.duckdb*"):
        _remove(file)
    built = _latest[-1] if _latest else None
    try:
        with detect_full_disk(home.folder):
            if built is not None:
                temporary.write_bytes(built.content)
        with (
            detect_full_disk(home.folder),
            detect_damage(home.lake.folder),
            duckdb.connect(
                str(temporary), config={"storage_compatibility_version": READABLE_FROM}
            ) as connection,
        ):
            limit_memory(connection)
            connection.execute(HIDE_PROGRESS)
            connection.execute("set parquet_metadata_cache = true")
            connection.begin()
            files, queries = write(connection, built.queries if built else None)
            connection.commit()
        # A session that wrote to the old file may have left a log, which does not belong to the new file.
        _remove(_log_of(home.database))
        _latest[:] = [Built(temporary.read_bytes(), queries)]
        os.replace(temporary, home.database)
    finally:
        _remove(temporary)
        _remove(_log_of(temporary))
    return files


def _write(
    connection: duckdb.DuckDBPyConnection, home: Home, defined: Queries | None
) -> tuple[Files, Queries]:
    """Compute the derived tables, and define everything; returns the files of each table, and the queries."""
    files = refresh_tables(home.lake)
    if home.store is None:  # else a missing file is downloaded when it is read
        for name, found in files.items():
            require_whole(home.lake.folder, name, found)
    paths = {name: [file.path for file in files[name]] for name in TABLES if name not in FROM_DATABASE}
    queries = define_views(connection, paths, defined)
    refresh_lifts(home.lake, connection, files)
    computed = {name: home.lake.files(name) for name in FROM_DATABASE}
    define_computed(connection, computed, defined)
    return paths | computed, queries


def _log_of(database: Path) -> Path:
    return database.with_name(database.name + ".wal")


def _remove(file: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if file.is_dir():  # where DuckDB puts what does not fit in memory
            shutil.rmtree(file)
        else:
            file.unlink()
