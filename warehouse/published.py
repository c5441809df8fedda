"""Opening the published database, read-only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from warehouse.errors import NotPublished
from warehouse.home import Home
from warehouse.schema.sql_types import quote
from warehouse.storage.damage import detect_damage


@contextmanager
def published(home: Home, *, only_lake: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to the published database.

    With `only_lake` its queries can't reach other files or the network. Raises `NotPublished`, and `LakeDamaged`
    when a query reads a missing or damaged file.
    """
    if not home.database.exists():
        raise NotPublished(f"There is no database in {home.folder} yet. Run `likelens run` first.")
    with (
        detect_damage(home.lake_folder),
        duckdb.connect(str(home.database), read_only=True) as connection,
    ):
        if only_lake:
            connection.execute(
                "set autoinstall_known_extensions = false; set autoload_known_extensions = false"
            )
            connection.execute(f"set allowed_directories = [{quote(str(home.lake_folder))}]")
            connection.execute("set enable_external_access = false; set lock_configuration = true")
        yield connection
