"""The table `label_sums`: sums over the rows of `post_labels`, for each account and label.

Sums change by the rows of the files that `post_labels` has more and has no longer, so that only these are read.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from warehouse.database.derived.changes import (
    ChangesUnknown,
    Computation,
    Files,
    TableChanges,
    scan_paths,
    scan_table,
)
from warehouse.schema.sql_types import quote
from warehouse.schema.tables import TABLES
from warehouse.storage.lake import Lake
from warehouse.storage.lake_files import LakeFile
from warehouse.storage.lake_reader import open_connection

NAME = "label_sums"
_METHOD = 1
"""Increase it when a change of the code changes rows: then publish computes the table again."""

_KEY = TABLES[NAME].key
_SUMS = {
    "posts": "1",
    "posts_with_likes": "(likes is not null)::bigint",
    "likes": "coalesce(likes, 0)",
    "posts_with_comments": "(comments is not null)::bigint",
    "comments": "coalesce(comments, 0)",
    "first_posts": "first_label::bigint",
    "first_with_likes": "(first_label and likes is not null)::bigint",
    "first_with_comments": "(first_label and comments is not null)::bigint",
}
"""The columns and the part of each that a row of `post_labels` adds."""

_TOTALS = ", ".join(f"sum({name})::bigint as {name}" for name in _SUMS)
_GROUP_BY = f"group by {', '.join(_KEY)}"
_MERGED = f"""select {", ".join(_KEY)}, {_TOTALS} from (from stored union all by name from changes)
              {_GROUP_BY} having sum(posts) > 0"""


def refresh_label_sums(lake: Lake, files: Files) -> None:
    """Bring the table up to date with these files of the lake, of which `post_labels` is up to date."""
    computation = Computation(lake, NAME, {"post_labels": files["post_labels"]}, [_METHOD])
    with open_connection() as connection:
        try:
            _apply_changes(connection, computation)
        except ChangesUnknown:
            current = lake.list_files(NAME)
            rows = scan_table("post_labels", files["post_labels"])
            classifiers = connection.execute(f"select distinct classifier from {rows} order by 1").fetchall()
            queries = [sum_labels(rows, f"classifier = {quote(classifier)}") for (classifier,) in classifiers]
            lake.rewrite(NAME, connection, current, current, queries)
    computation.record()


def sum_labels(rows: str, condition: str = "true", sign: str = "") -> str:
    """The query for the sums over rows of `post_labels`, of labels and of groups."""
    added = ", ".join(f"{sign}sum({part})::bigint as {name}" for name, part in _SUMS.items())
    return " union all ".join(
        f"""select classifier, source, account, {grouped} as grouped, {label} as label, {added}
            from {rows} as labelled where {condition} and {counted} {_GROUP_BY.replace(" label", f" {label}")}"""
        for grouped, label, counted in (("false", "label", "true"), ("true", "label_group", "first_in_group"))
    )


def _apply_changes(connection: duckdb.DuckDBPyConnection, computation: Computation) -> None:
    changes = computation.find_changes()["post_labels"]
    if not changes.added and not changes.removed:
        return
    _create_changes(connection, changes)
    current = computation.lake.list_files(NAME)
    files = _files_of_changes(connection, current)
    if files or connection.execute("select 1 from changes limit 1").fetchall():
        computation.lake.rewrite(NAME, connection, current, files, [_MERGED])


def _create_changes(connection: duckdb.DuckDBPyConnection, changes: TableChanges) -> None:
    """Create `changes`: what is to be added to the sums."""
    parts = [
        sum_labels(scan_paths("post_labels", paths), sign=sign)
        for paths, sign in ((changes.added, ""), (changes.removed, "-"))
        if paths
    ]
    differs = " or ".join(f"sum({name}) <> 0" for name in _SUMS)
    connection.execute(
        f"""create temporary table changes as
            select {", ".join(_KEY)}, {_TOTALS} from ({" union all ".join(parts)}) {_GROUP_BY} having {differs}"""
    )


def _files_of_changes(connection: duckdb.DuckDBPyConnection, files: Sequence[LakeFile]) -> list[LakeFile]:
    """The files that can have rows of the classifiers and sources in `changes`."""
    values = {
        column: [
            value
            for (value,) in connection.execute(f"select distinct {column} from changes order by 1").fetchall()
        ]
        for column in TABLES[NAME].cluster
    }
    return [file for file in files if file.may_hold(values)]
