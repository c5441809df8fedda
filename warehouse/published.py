"""Opening the published database, read-only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from warehouse.errors import NotPublished
from warehouse.home import Home
from warehouse.memory import HIDE_PROGRESS, limit_memory
from warehouse.schema.sql_types import quote
from warehouse.storage.damage import detect_damage

_lakes: dict[tuple[Path, int, int], list[Path]] = {}
"""The folders that the views of the last opened database name, by its path, inode and time of change."""
_LAKE_OF_THE_DATABASE = """
select regexp_extract(sql, '''([^'']+)/runs/[^'']*\\.parquet''', 1) from duckdb_views() where view_name = 'runs'
"""


@contextmanager
def published(home: Home, *, only_lake: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the published database.

    With `only_lake` its queries can't reach other files or the network. Raises `NotPublished`, also for a home
    folder that has been moved, and `LakeDamaged` when a query reads a missing or damaged file.
    """
    if not home.database.exists():
        raise NotPublished(_advice(home))
    with (
        detect_damage(home.lake_folder),
        duckdb.connect(str(home.database), read_only=True) as connection,
    ):
        limit_memory(connection)
        connection.execute(HIDE_PROGRESS)
        _refuse_moved(home, connection)
        if only_lake:
            connection.execute(
                "set autoinstall_known_extensions = false; set autoload_known_extensions = false"
            )
            connection.execute(f"set allowed_directories = [{quote(str(home.lake_folder))}]")
            connection.execute("set enable_external_access = false; set lock_configuration = true")
        yield connection


def _advice(home: Home) -> str:
    if home.store is None:
        return f"There is no database in {home.folder} yet. Run `likelens run` first."
    return (
        f"There is no database of {home.store.url} on this machine yet ({home.folder}). Run `likelens pull`, which copies"
        " the tables from there, or `likelens run`."
    )


def _refuse_moved(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    """Raise `NotPublished` if the views name the files of a lake that is gone: their paths are absolute."""
    lakes = _find_lakes(home.database, connection)
    if home.lake_folder.exists() and not all(lake.exists() for lake in lakes):
        raise NotPublished(
            f"The database in {home.folder} is of another place, {lakes[0].parent}, which is gone: the home folder has"
            " been moved. Run `likelens maintain` to publish it here."
        )


def _find_lakes(file: Path, connection: duckdb.DuckDBPyConnection) -> list[Path]:
    """The folders that the database's views name. A report opens a database twenty times; it is looked at once."""
    # Another publish renames a new file over this one.
    stat = file.stat()
    key = (file, stat.st_ino, stat.st_mtime_ns)
    # Into a variable, because another thread may look at another database meanwhile.
    found = _lakes.get(key)
    if found is None:
        rows = connection.execute(_LAKE_OF_THE_DATABASE).fetchall()
        found = [Path(lake) for (lake,) in rows if lake]
        _lakes.clear()
        _lakes[key] = found
    return found
