"""What the published database defines: a view for each table over its files, views over these, and macros."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from warehouse.database.derived.label_sums import sum_labels
from warehouse.database.derived.post_counts import count_posts
from warehouse.database.sql import MACROS, VIEWS
from warehouse.schema.derived_tables import ComparedPosts, LabelLift
from warehouse.schema.sql_types import quote
from warehouse.schema.table_schema import Table
from warehouse.schema.tables import TABLES
from warehouse.storage.lake_reader import has_all_columns, select_utc

READABLE_FROM = "v1.2.0"
"""The oldest DuckDB that opens the published database: an analyst often has an older one than likelens."""

FROM_DATABASE = (LabelLift.table, ComparedPosts.table)
"""Derived tables that are computed from the views of the new database."""


Queries = Mapping[str, str]
"""The queries of the views of tables, by the names of the tables."""


@dataclass(frozen=True, slots=True)
class Built:
    """A database that this process built, of any home folder, and the queries of its views of tables."""

    content: bytes
    queries: Queries


def define_all(
    connection: duckdb.DuckDBPyConnection, files: Mapping[str, Sequence[str]], defined: Queries | None = None
) -> Queries:
    """Define everything over these files of the tables; `defined` and the result are those of `define_views`."""
    over_files = {name: paths for name, paths in files.items() if name not in FROM_DATABASE}
    queries = define_views(connection, over_files, defined)
    if files["post_labels"] and not files["label_sums"]:
        _define_missing(connection, files["post_labels"])
    define_computed(connection, {name: files[name] for name in FROM_DATABASE}, defined)
    return queries


def define_views(
    connection: duckdb.DuckDBPyConnection, files: Mapping[str, Sequence[str]], defined: Queries | None = None
) -> Queries:
    """Create the views of tables over these files, and those over other views; returns the queries of the first.

    A database that has everything, with the queries `defined`, gets the views of tables whose queries differ. It
    loses the views that `define_computed` creates, because their rows are of other files.
    """
    queries = {name: select_utc(paths, TABLES[name]) for name, paths in files.items()}
    for name, query in queries.items():
        if defined is None or defined.get(name) != query:
            _create_table_view(connection, TABLES[name], files[name])
        elif files[name]:
            # It opens the files, as the definition of a view does: a damaged file stops the publish.
            connection.execute(f"from {name} limit 0")
    if defined is not None:
        for name in FROM_DATABASE:
            connection.execute(f"drop view {name}")
        return queries
    for view in VIEWS:
        connection.execute(f"create view {view.name} as {view.query}")
        _comment(connection, "view", view.name, view.comment, view.columns or _label_comments())
    return queries


def define_computed(
    connection: duckdb.DuckDBPyConnection, files: Mapping[str, Sequence[str]], defined: Queries | None = None
) -> None:
    """Create the views of tables that are computed from the other views, and the macros where they are missing."""
    for name, paths in files.items():
        _create_table_view(connection, TABLES[name], paths)
    if defined is not None:
        return
    for macro in MACROS:
        connection.execute(f"create macro {macro.name}({macro.parameters}) as table {macro.query}")
        connection.execute(f"comment on macro table {macro.name} is {quote(macro.comment)}")


def _define_missing(connection: duckdb.DuckDBPyConnection, post_labels: Sequence[str]) -> None:
    """Replace the views of what an older likelens did not store by ones that compute it."""
    first = "label = min(label) over (partition by source, post_id, classifier, label_group)"
    queries = {
        "post_labels": f"""select * replace ({first} as first_in_group)
                           from ({select_utc(post_labels, TABLES["post_labels"])})""",
        "post_counts": count_posts("posts", "latest_observations"),
        "label_sums": sum_labels("post_labels"),
    }
    for name, query in queries.items():
        connection.execute(f"create or replace view {name} as {query}")
        _comment_table(connection, TABLES[name])


def _create_table_view(connection: duckdb.DuckDBPyConnection, table: Table, files: Sequence[str]) -> None:
    query = select_utc(files, table, all_columns=has_all_columns(connection, files, table))
    connection.execute(f"create or replace view {table.name} as {query}")
    _comment_table(connection, table)


def _comment_table(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    _comment(connection, "view", table.name, table.comment, {c.name: c.comment for c in table.columns})


def _comment(
    connection: duckdb.DuckDBPyConnection, kind: str, name: str, comment: str, columns: Mapping[str, str]
) -> None:
    statements = [f"comment on {kind} {name} is {quote(comment)}"]
    statements += [f"comment on column {name}.{column} is {quote(one)}" for column, one in columns.items()]
    connection.execute(";".join(statements))


def _label_comments() -> dict[str, str]:
    return {c.name: c.comment for c in TABLES["labels"].columns}
