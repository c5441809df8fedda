"""Lake tables as DuckDB reads them: Parquet files, no extension, times as UTC timestamps without a zone."""

from __future__ import annotations

import atexit
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import duckdb
import pyarrow as pa

from warehouse.memory import HIDE_PROGRESS, duckdb_limit
from warehouse.schema.sql_types import quote
from warehouse.schema.table_schema import Table
from warehouse.schema.tables import TABLES
from warehouse.storage.lake_copy import bring_files
from warehouse.storage.table_versions import are_complete

_SQL_TYPES: dict[pa.DataType, str] = {
    pa.string(): "VARCHAR",
    pa.list_(pa.float32()): "FLOAT[]",
    pa.list_(pa.string()): "VARCHAR[]",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.timestamp("us", tz="UTC"): "TIMESTAMPTZ",
}


def scan(files: Sequence[str], table: Table, *, with_names: bool = False) -> str:
    """An SQL table expression over the table's Parquet files; an empty one when there are no files.

    Files of a lake in an object store are downloaded, unless this machine has them.
    It has all columns of the table. Columns that files of an older likelens do not have are null there. Where
    `with_names`, the column `filename` is the path of a row's file.
    """
    columns = ", ".join(f"null::{_SQL_TYPES[c.type]} as {c.name}" for c in table.columns)
    empty = f"select {columns}{', null::VARCHAR as filename' if with_names else ''} where false"
    if not files:
        return f"({empty})"
    if are_complete(files, table):
        names = ", ".join((*table.schema.names, *(["filename"] if with_names else [])))
        return f"(select {names} from {_read(files, table, with_names=with_names)})"
    return f"({empty} union all by name from {_read(files, table, with_names=with_names)})"


def _read(files: Sequence[str], table: Table, *, with_names: bool = False) -> str:
    bring_files(files)
    paths = ", ".join(quote(file) for file in files)
    # Where all files have the same columns, not each is opened before a query begins.
    alike = table.derived or are_complete(files, table)
    options = f"union_by_name := {not alike}{', filename := true' if with_names else ''}"
    return f"read_parquet([{paths}], {options})"


def has_all_columns(connection: duckdb.DuckDBPyConnection, files: Sequence[str], table: Table) -> bool:
    """Whether the files have all columns of the table, as those of an older likelens may not."""
    if are_complete(files, table):
        return True
    with connection.cursor() as cursor:  # an error would end the connection's transaction
        try:
            cursor.sql(select_utc(files, table, all_columns=True))
        except duckdb.BinderException:
            return False
    return True


def select_utc(files: Sequence[str], table: Table, *, all_columns: bool = False) -> str:
    """An SQL query for the table: its columns in their declared order, its times as UTC timestamps.

    With `all_columns`, DuckDB refuses it unless the files have all of them, and skips parts of files by their times,
    which it does not through a union. It uses `make_timestamp(epoch_us(…))` because a cast would shift the time into the session's time zone
    wherever DuckDB's ICU extension is loaded. The columns are qualified, because DuckDB rejects a macro with a
    parameter that has the name of an unqualified column.
    """
    columns = ", ".join(
        f"make_timestamp(epoch_us(stored.{c.name})) as {c.name}"
        if pa.types.is_timestamp(c.type)
        else f"stored.{c.name}"
        for c in table.columns
    )
    rows = _read(files, table) if files and all_columns else scan(files, table)
    return f"select {columns} from {rows} as stored"


@lru_cache(maxsize=1)
def _database() -> duckdb.DuckDBPyConnection:
    # One database in memory for the process: to create one takes 30 ms, a connection to it less than one.
    # With a cache for the footers of files, because a run reads each many times.
    # Without the cache for files, and with threads that return freed memory to the system (else a large query
    # leaves hundreds of megabytes), so that it holds nothing of the lake between queries.
    # What does not fit in memory goes to a new folder of the system, because the default is `.tmp` in the working
    # folder, which may be read-only or synchronised. DuckDB makes it when it needs it, and removes it.
    spill = Path(tempfile.gettempdir()) / f"likelens-{secrets.token_hex(8)}"
    atexit.register(_database.cache_clear)  # or DuckDB's binding reports leaked objects when the process ends
    return duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "enable_external_file_cache": False,
            "parquet_metadata_cache": True,
            "allocator_background_threads": True,
            "memory_limit": duckdb_limit(),
            "temp_directory": str(spill),
        }
    )


def open_connection() -> duckdb.DuckDBPyConnection:
    """A DuckDB connection in memory; its temporary views and registered tables are its own."""
    connection = _database().cursor()
    connection.execute(HIDE_PROGRESS)
    return connection


def open_reader(files: Mapping[str, Sequence[str]]) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection in memory with a view for each given table over its files."""
    connection = open_connection()
    for name, paths in files.items():
        statement, table = f"create temporary view {name} as", TABLES[name]
        try:
            connection.execute(f"{statement} {select_utc(paths, table, all_columns=True)}")
        except duckdb.BinderException:  # files of an older likelens
            connection.execute(f"{statement} {select_utc(paths, table)}")
    return connection
