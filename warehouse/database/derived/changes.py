"""What changed in the tables since a derived table was last computed from them.

Files never change, so the difference of two versions of a table is in the files that only one of them has. The names
of all files that were read are stored in a small file beside the derived table, with the names of its own files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from warehouse.errors import LakeDamaged
from warehouse.schema.tables import TABLES
from warehouse.storage.lake import Lake
from warehouse.storage.lake_files import LakeFile
from warehouse.storage.lake_reader import scan
from warehouse.storage.notes import read_note, write_note

METHOD = 1
"""Increase it when a change of the code changes rows of a derived table: then publish computes all of them again."""

Files = Mapping[str, Sequence[LakeFile]]


class ChangesUnknown(Exception):
    """The files do not tell what changed, or not in a way that can be applied; the table is computed completely."""


@dataclass(frozen=True, slots=True)
class TableChanges:
    """The paths of files that a table has in addition, and of those that it no longer has."""

    added: Sequence[str]
    removed: Sequence[str]


@dataclass(frozen=True, slots=True)
class Computation:
    """What a derived table was computed from: the files by table, and other values that its rows depend on."""

    lake: Lake
    name: str
    files: Files
    values: Sequence[Any] = ()

    def find_changes(self) -> dict[str, TableChanges]:
        """The changes of each table since the derived table was last stored. Raises `ChangesUnknown`."""
        try:
            stored = json.loads(read_note(self.lake, self.name))
        except (OSError, ValueError):
            raise ChangesUnknown from None
        if {**self._describe(), "inputs": None} != {**stored, "inputs": None}:
            raise ChangesUnknown
        return {table: self._compare(table, stored["inputs"].get(table, [])) for table in self.files}

    def record(self) -> None:
        """Store what the derived table was computed from, after its rows are stored."""
        write_note(self.lake, self.name, json.dumps(self._describe()))

    def _describe(self) -> dict[str, Any]:
        inputs = {table: sorted(file.name for file in files) for table, files in self.files.items()}
        output = sorted(file.name for file in self.lake.list_files(self.name))
        return {"method": METHOD, "values": list(self.values), "output": output, "inputs": inputs}

    def _compare(self, table: str, before: Sequence[str]) -> TableChanges:
        now = {file.name for file in self.files[table]}
        known = set(before)
        removed = [self.lake.folder / table / name for name in before if name not in now]
        try:
            self.lake.bring([str(path) for path in removed])
        except LakeDamaged:
            raise ChangesUnknown from None
        if not all(path.exists() for path in removed):
            raise ChangesUnknown
        added = [file.path for file in self.files[table] if file.name not in known]
        return TableChanges(added, [str(path) for path in removed])


def create_changed(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    table: str,
    changes: TableChanges,
    columns: Sequence[str],
) -> None:
    """Create a temporary table with the rows that are new or differ in these columns."""
    chosen = ", ".join(columns)
    query = f"select {chosen} from {scan_paths(table, changes.added)}"
    if changes.removed:
        query += f" except select {chosen} from {scan_paths(table, changes.removed)}"
    connection.execute(f"create temporary table {name} as {query}")


def reject_losses(
    connection: duckdb.DuckDBPyConnection, table: str, changes: TableChanges, columns: Sequence[str] = ()
) -> None:
    """Raise `ChangesUnknown` when rows disappeared, by their key and these columns."""
    if changes.removed:
        key = ", ".join(dict.fromkeys((*TABLES[table].key, *columns)))
        now, before = (scan_paths(table, paths) for paths in (changes.added, changes.removed))
        if has_rows(connection, f"(select {key} from {before} except select {key} from {now})"):
            raise ChangesUnknown


def has_rows(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether the table expression has a row."""
    return bool(connection.execute(f"select 1 from {table} as tested limit 1").fetchall())


def scan_paths(table: str, paths: Sequence[str]) -> str:
    """An SQL table expression over these files of the table."""
    return scan(paths, TABLES[table])


def scan_table(table: str, files: Sequence[LakeFile]) -> str:
    """The same for files with their description."""
    return scan_paths(table, [file.path for file in files])


def files_with_posts(
    connection: duckdb.DuckDBPyConnection, posts: str, files: Sequence[LakeFile]
) -> list[LakeFile]:
    """The files that can have rows of the posts in the temporary table `posts`."""
    columns = ("source", "post_id")
    query = f"select distinct {{}} from {posts} order by 1"
    values = {
        column: [value for (value,) in connection.execute(query.format(column)).fetchall()]
        for column in columns
    }
    return [file for file in files if file.may_hold(values)]
