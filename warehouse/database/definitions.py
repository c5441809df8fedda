"""What the published database defines: a view for each table over its files, views over these, and macros."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from warehouse.database.sql import MACROS, VIEWS
from warehouse.schema.derived_tables import ComparedPosts, LabelLift
from warehouse.schema.sql_types import quote
from warehouse.schema.table_schema import Table
from warehouse.schema.tables import TABLES
from warehouse.storage.lake_reader import select_utc

READABLE_FROM = "v1.2.0"
"""The oldest DuckDB that opens the published database: an analyst often has an older one than likelens."""

FROM_DATABASE = (LabelLift.table, ComparedPosts.table)
"""Derived tables that are computed from the views of the new database."""


def define_all(connection: duckdb.DuckDBPyConnection, files: Mapping[str, Sequence[str]]) -> None:
    """Define everything over these files of the tables."""
    define_views(connection, {name: paths for name, paths in files.items() if name not in FROM_DATABASE})
    define_computed(connection, {name: files[name] for name in FROM_DATABASE})


def define_views(connection: duckdb.DuckDBPyConnection, files: Mapping[str, Sequence[str]]) -> None:
    """Create the views of tables over these files, and those over other views."""
    for name, paths in files.items():
        _create_table_view(connection, TABLES[name], paths)
    for view in VIEWS:
        connection.execute(f"create view {view.name} as {view.query}")
        _comment(connection, "view", view.name, view.comment, view.columns or _label_comments())


def define_computed(connection: duckdb.DuckDBPyConnection, files: Mapping[str, Sequence[str]]) -> None:
    """Create the views of tables that are computed from the other views, and the macros."""
    for name, paths in files.items():
        _create_table_view(connection, TABLES[name], paths)
    for macro in MACROS:
        connection.execute(f"create macro {macro.name}({macro.parameters}) as table {macro.query}")
        connection.execute(f"comment on macro table {macro.name} is {quote(macro.comment)}")


def _create_table_view(connection: duckdb.DuckDBPyConnection, table: Table, files: Sequence[str]) -> None:
    connection.execute(f"create view {table.name} as {select_utc(files, table)}")
    _comment(connection, "view", table.name, table.comment, {c.name: c.comment for c in table.columns})


def _comment(
    connection: duckdb.DuckDBPyConnection, kind: str, name: str, comment: str, columns: Mapping[str, str]
) -> None:
    statements = [f"comment on {kind} {name} is {quote(comment)}"]
    statements += [f"comment on column {name}.{column} is {quote(one)}" for column, one in columns.items()]
    connection.execute(";".join(statements))


def _label_comments() -> dict[str, str]:
    return {c.name: c.comment for c in TABLES["labels"].columns}
