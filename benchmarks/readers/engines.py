"""Readers of Delta tables that share no code with `deltalake`, each as a context with a function that runs SQL.

The packages of ClickHouse, Sail and PySpark are no dependencies of likelens, so they are imported when they are used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from benchmarks.readers.queries import Table
from warehouse.schema.sql_types import quote
from warehouse.schema.tables import TABLES
from warehouse.storage.table_versions import list_files


@dataclass(frozen=True, slots=True)
class Engine:
    """An open reader: how it names a table, and a function that returns the rows of a query."""

    table: Table
    run: Callable[[str], Sequence[tuple[Any, ...]]]


def read_by_kernel(lake: Path, name: str) -> pa.Table:
    """All rows of a table by the Delta kernel, the library of Delta's own project that ClickHouse and DuckDB use."""
    import delta_kernel_rust_sharing_wrapper as kernel

    uri = f"{(lake / name).as_uri()}/"
    interface = kernel.PythonInterface(uri)
    snapshot = kernel.Table(uri).snapshot(interface)
    rows: pa.Table = kernel.ScanBuilder(snapshot).build().execute(interface).read_all()
    return rows


@contextmanager
def open_kernel(lake: Path) -> Iterator[Engine]:
    """DuckDB over the rows that the Delta kernel reads."""
    with duckdb.connect() as connection:

        @cache
        def table(name: str) -> str:
            connection.register(f"read_{name}", read_by_kernel(lake, name))
            return f"read_{name}"

        yield Engine(table, lambda sql: connection.execute(sql).fetchall())


@contextmanager
def open_clickhouse(lake: Path) -> Iterator[Engine]:
    """ClickHouse in this process, by `chdb`, which opens only files below the working folder."""
    import chdb

    def run(sql: str) -> list[tuple[Any, ...]]:
        settings = "settings join_use_nulls = 1, output_format_arrow_string_as_string = 1"
        buffer = chdb.query(f"{sql} {settings}", "Arrow").bytes()
        rows = pa.ipc.open_file(pa.BufferReader(buffer)).read_all()
        return [tuple(row.values()) for row in rows.to_pylist()]

    with chdir(lake):
        yield Engine(lambda name: f"deltaLakeLocal({quote(str(lake / name))})", run)


@contextmanager
def open_sail(lake: Path) -> Iterator[Engine]:
    """Spark's SQL by Sail, which reads Delta tables with its own code; `pyspark` is only the client."""
    from pysail.spark import SparkConnectServer
    from pyspark.sql import SparkSession

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    _, port = server.listening_address
    spark = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
    try:
        yield Engine(lambda name: f"delta.`{lake / name}`", lambda sql: _collect(spark, sql))
    finally:
        spark.stop()
        server.stop()


@contextmanager
def open_pyspark(lake: Path) -> Iterator[Engine]:
    """Spark itself over the Parquet files of the current version: Delta's jar for Spark is in no Python package."""
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master("local[2]").config("spark.sql.shuffle.partitions", "2").getOrCreate()
    spark.conf.set("spark.sql.session.timeZone", "UTC")

    @cache
    def table(name: str) -> str:
        files = [file.path for file in list_files(lake, TABLES[name])]
        spark.read.option("mergeSchema", "true").parquet(*files).createOrReplaceTempView(f"read_{name}")
        return f"read_{name}"

    try:
        yield Engine(table, lambda sql: _collect(spark, sql))
    finally:
        spark.stop()


def _collect(spark: Any, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in spark.sql(sql).collect()]


ENGINES = {
    "kernel": open_kernel,
    "clickhouse": open_clickhouse,
    "sail": open_sail,
    "pyspark": open_pyspark,
}
