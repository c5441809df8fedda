"""The writes to one table of a lake: each makes a version from its current files. The caller holds the table's lock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import DeltaTable
from deltalake import Field as DeltaField

from warehouse.schema.table_schema import Table
from warehouse.storage.file_commit import GROUP_ROWS, commit_files, write_files, write_rows
from warehouse.storage.file_layout import rows_per_file, small_files_beside
from warehouse.storage.lake_files import LakeFile
from warehouse.storage.lake_reader import scan
from warehouse.storage.stored_keys import UpdateOptions, differs, select_changed, select_new
from warehouse.storage.table_versions import open_table, read_version

CHECKPOINT_VERSIONS = 20
"""A checkpoint is written after so many versions, so that a reader reads few files of the log."""


def create_table(lake: Path, table: Table) -> None:
    """Create the table if it does not exist."""
    path = str(lake / table.name)
    if not DeltaTable.is_deltatable(path):
        DeltaTable.create(path, table.schema, mode="ignore", name=table.name, description=table.comment)


def create_or_extend(lake: Path, table: Table) -> None:
    """The same, and add columns that a table of an older likelens does not have."""
    create_table(lake, table)
    if missing := missing_columns(lake, table):
        open_table(lake, table).alter.add_columns(missing)


def missing_columns(lake: Path, table: Table) -> list[DeltaField]:
    """Columns that the stored table does not have."""
    existing = read_version(lake, table).columns
    return [DeltaField.from_arrow(field) for field in table.schema if field.name not in existing]


def has_unknown_columns(lake: Path, table: Table) -> bool:
    """Whether a newer likelens has added columns to the stored table, whose values an update has to keep."""
    return not read_version(lake, table).columns <= set(table.schema.names)


def append_new(
    connection: duckdb.DuckDBPyConnection,
    lake: Path,
    table: Table,
    files: Sequence[LakeFile],
    batch: pa.Table,
) -> int:
    """Add the rows whose keys the files do not have; returns their number."""
    new = select_new(connection, table, batch, files)
    if new.num_rows:
        _add(lake, table, new)
    return int(new.num_rows)


def update(
    connection: duckdb.DuckDBPyConnection,
    lake: Path,
    table: Table,
    files: Sequence[LakeFile],
    batch: pa.Table,
    options: UpdateOptions,
) -> int:
    """Add new rows and update others, as the options say; returns how many were added or changed."""
    changes = select_changed(connection, table, batch, files, options)
    if changes.outdated:
        beside = small_files_beside(table, changes.rows, files)
        outdated = [file for file in files if file in beside or file.path in changes.outdated]
        connection.register("changed", changes.rows)
        keys = ", ".join(table.key)
        written = "from changed"
        if has_unknown_columns(lake, table):
            known = ", ".join(c.name for c in table.columns if c.name not in table.key)
            unknown = f"select * exclude ({known}) from stored"
            written = f"(from changed left join ({unknown}) using ({keys}))"
        query = f"(from stored anti join changed using ({keys})) union all by name {written}"
        rewrite_files(connection, lake, table, outdated, [query])
    elif changes.rows.num_rows:
        _add(lake, table, changes.rows)
    return int(changes.rows.num_rows)


def replace_all(
    connection: duckdb.DuckDBPyConnection,
    lake: Path,
    table: Table,
    files: Sequence[LakeFile],
    batch: pa.Table,
) -> bool:
    """Replace all rows of the table by those of the batch, if they differ; returns whether they do."""
    has_changed = differs(connection, table, batch, [file.path for file in files])
    if has_changed:
        create_table(lake, table)
        write_rows(lake / table.name, batch, "overwrite")
    return has_changed


def rewrite_files(
    connection: duckdb.DuckDBPyConnection,
    lake: Path,
    table: Table,
    files: Sequence[LakeFile],
    queries: Iterable[str],
    *,
    changes: bool = True,
) -> None:
    """Replace these files by the rows of the queries, each sorted, in which `stored` are the files' rows."""
    folder, version = lake / table.name, read_version(lake, table).number
    stored = scan([file.path for file in files], table)
    size = rows_per_file(table, sum(file.rows for file in files))
    added = []
    for query in queries:
        ordered = f"with stored as {stored} {query} order by {', '.join(table.order)}"
        rows = connection.sql(ordered)
        added += write_files(folder, table, rows.to_arrow_reader(table.group_rows or GROUP_ROWS), size)
    commit_files(folder, version, [file.name for file in files], added, changes=changes)
    _write_checkpoint(lake, table, version + 1)


def _write_checkpoint(lake: Path, table: Table, version: int) -> None:
    """Write a checkpoint of some versions."""
    if version % CHECKPOINT_VERSIONS == 0:
        open_table(lake, table).create_checkpoint()


def _add(lake: Path, table: Table, rows: pa.Table) -> None:
    ordered = rows.sort_by([(name, "ascending") for name in table.order])
    if missing_columns(lake, table):  # the Delta library adds them
        write_rows(lake / table.name, ordered, "append", table.group_rows)
        return
    # The Delta library would read the whole log for each append.
    folder, version = lake / table.name, read_version(lake, table).number
    files = write_files(folder, table, ordered.to_batches(), rows_per_file(table, ordered.num_rows))
    commit_files(folder, version, [], files, changes=True)
    _write_checkpoint(lake, table, version + 1)
