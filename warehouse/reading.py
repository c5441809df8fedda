"""Lake tables as DuckDB reads them: plain Parquet files, no extension, times as UTC timestamps."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from warehouse.tables import TABLES, Table

_SQL_TYPES: dict[pa.DataType, str] = {
    pa.string(): "VARCHAR",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.timestamp("us", tz="UTC"): "TIMESTAMPTZ",
}


def quoted(text: str) -> str:
    """`text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def scan(files: Sequence[str], table: Table) -> str:
    """An SQL table expression over the table's Parquet files; one without rows when there are none."""
    if not files:
        columns = ", ".join(f"null::{_SQL_TYPES[c.type]} as {c.name}" for c in table.columns)
        return f"(select {columns} where false)"
    return f"read_parquet([{', '.join(quoted(_no_pattern(file)) for file in files)}])"


def _no_pattern(file: str) -> str:
    """The path as a glob pattern that matches it alone: DuckDB reads every file name as a pattern."""
    return re.sub(r"([*?\[])", r"[\1]", file)


def select_utc(files: Sequence[str], table: Table) -> str:
    """An SQL query for the table, its columns in their declared order, its times as plain UTC timestamps.

    `make_timestamp(epoch_us(…))` and not a cast: a cast would shift the time into the session's time
    zone wherever DuckDB's ICU extension is loaded.
    """
    columns = ", ".join(
        f"make_timestamp(epoch_us({c.name})) as {c.name}" if pa.types.is_timestamp(c.type) else c.name
        for c in table.columns
    )
    return f"select {columns} from {scan(files, table)}"


def open_reader(files: Mapping[str, Sequence[str]]) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection in memory with one view for each table over the given files."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})
    for name, table in TABLES.items():
        connection.execute(f"create view {name} as {select_utc(files[name], table)}")
    return connection
