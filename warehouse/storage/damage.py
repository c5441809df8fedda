"""Files of the lake that are missing or damaged, as an error that says what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from warehouse.disk_space import is_disk_full_error
from warehouse.errors import LakeDamaged

if TYPE_CHECKING:  # it imports pyarrow, which a short command does not need
    from warehouse.storage.lake_files import LakeFile

_DAMAGE_ERRORS = (duckdb.IOException, duckdb.InvalidInputException, duckdb.Error)
"""What DuckDB raises, as exactly this type, for a Parquet file that is missing, truncated or garbled."""


def damage_error(lake: Path, error: Exception, table_name: str = "") -> LakeDamaged:
    """An error that names the table that can't be read or written, and what a user can do."""
    from warehouse.schema.tables import TABLES  # with Arrow, which only an error needs

    if url := _url_of(lake):
        which = f"the table {table_name}" if table_name else "a table"
        return LakeDamaged(
            f"The copy of {which} in {lake} can't be read or written: {error}. It is a copy of {url}. Delete the"
            f" folder {lake}; the next command downloads what it needs. If the message comes again, the store's own"
            " files are damaged: restore them from a backup."
        )
    what = f"The table {table_name} in {lake}" if table_name else f"A table in {lake}"
    advice = (
        f"Delete the folder {lake / table_name}; the next run writes it again."
        if table_name and TABLES[table_name].derived
        else "If you have a backup of the folder, restore it. Otherwise start again with a new home folder."
    )
    return LakeDamaged(f"{what} can't be read or written: {error}. {advice}")


def _url_of(lake: Path) -> str:
    """The URL of the object store that the folder is a copy of; empty for a lake of its own."""
    from warehouse.storage.lake_copy import url_of_copy

    return url_of_copy(lake)


def require_whole(lake: Path, table_name: str, files: Iterable[LakeFile]) -> None:
    """Raise `LakeDamaged` where a file is missing or has another size than the log says; no file is opened."""
    for file in files:
        try:
            size = Path(file.path).stat().st_size
        except OSError as error:
            raise damage_error(lake, error, table_name) from error
        if size != file.bytes:
            found = OSError(f"{file.path} has {size:,} bytes in place of {file.bytes:,}")
            raise damage_error(lake, found, table_name)


@contextmanager
def detect_damage(lake: Path) -> Iterator[None]:
    """Turn DuckDB's error about a file of the lake into `LakeDamaged`; errors of the query itself pass."""
    try:
        yield
    except duckdb.Error as error:
        text = str(error)
        # A plain `duckdb.Error` comes from a decoder of file contents, and does not always name the file.
        is_about_lake = str(lake) in text or type(error) is duckdb.Error
        if type(error) not in _DAMAGE_ERRORS or not is_about_lake or is_disk_full_error(error):
            raise
        from warehouse.schema.tables import TABLES

        names = (name for name in TABLES if f"{lake / name}/" in text)
        raise damage_error(lake, error, next(names, "")) from error
