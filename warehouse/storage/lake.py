"""The lake: one Delta table for each row type, with appends and upserts that count once.

Every write holds the table's lock file, skips rows whose keys the table has, and commits once. So a batch that
is written again, by a retry, after a kill or by two runs at once, changes nothing. (Delta's application
transactions are not enough: two concurrent writers both commit.) The kernel releases the lock when its process
ends. A write reads only the files that can have its keys, and an update rewrites only those that have them.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from deltalake import DeltaTable
from deltalake import Field as DeltaField
from deltalake.exceptions import CommitFailedError

from warehouse.schema.sql_types import quote
from warehouse.schema.table_schema import Row, Table
from warehouse.schema.tables import TABLES
from warehouse.storage.damage import detect_damage
from warehouse.storage.delta_upkeep import purge_table, set_retention, vacuum_table
from warehouse.storage.file_commit import GROUP_ROWS, UNFINISHED, commit_files, write_files, write_rows
from warehouse.storage.file_layout import (
    COMPACT_ABOVE_FILES,
    files_to_merge,
    rows_per_file,
    small_files_beside,
)
from warehouse.storage.lake_files import LakeFile, list_files, open_table
from warehouse.storage.lake_reader import open_connection, open_reader, scan
from warehouse.storage.stored_keys import differs, select_changed, select_new
from warehouse.storage.table_lock import lock_table

CHECKPOINT_VERSIONS = 20
"""A checkpoint is written after so many versions, so that a reader reads few files of the log."""
DELETE_VALUES = 1_000
_REMOVED_LOG = "_removed_log"


class Lake:
    """The tables below one folder. It holds no connection and no state but the folder.

    Raises `LakeBusy` when a table stays locked, `DiskFull` when the disk is full, and `LakeDamaged` when a table
    can't be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self) -> None:
        """Create missing tables, and columns that a table of an older likelens does not have."""
        for table in TABLES.values():
            if not DeltaTable.is_deltatable(str(self._path(table))):
                with self._writing(table):
                    self._create(table)
            elif missing := self._missing_columns(table):
                with self._writing(table):
                    self._delta(table).alter.add_columns(missing)

    def append(self, rows: Sequence[Row]) -> int:
        """Add the rows, all of one type, whose keys the table does not have; returns the number of added rows.

        Of two rows with the same key the first is stored.
        """
        if not rows:
            return 0
        table = TABLES[rows[0].table]
        return self.append_arrow(table.name, table.to_arrow(rows))

    def append_arrow(self, table_name: str, batch: pa.Table) -> int:
        """The same for rows that are an Arrow table with the table's schema."""
        table = TABLES[table_name]
        with self._writing(table), self._checking() as connection:
            new = select_new(connection, table, batch, self.list_files(table.name))
            if new.num_rows:
                self._add(table, new)
        return int(new.num_rows)

    def upsert(self, rows: Sequence[Row], keep: Sequence[str] = ()) -> int:
        """Add new rows and update others, but for the columns in `keep`; returns how many were added or changed."""
        if not rows:
            return 0
        table = TABLES[rows[0].table]
        batch = table.to_arrow(rows)
        with self._writing(table), self._checking() as connection:
            files = self.list_files(table.name)
            changes = select_changed(connection, table, batch, files, keep)
            if changes.outdated:
                beside = small_files_beside(table, changes.rows, files)
                outdated = [file for file in files if file in beside or file.path in changes.outdated]
                connection.register("changed", changes.rows)
                keys = ", ".join(table.key)
                query = f"(from stored anti join changed using ({keys})) union all by name from changed"
                self._rewrite(connection, table, outdated, [query])
            elif changes.rows.num_rows:
                self._add(table, changes.rows)
        return int(changes.rows.num_rows)

    def replace(self, row: type[Row], rows: Sequence[Row]) -> bool:
        """Replace all rows of the table by these in one commit, if they differ; returns whether they do."""
        table = TABLES[row.table]
        batch = table.to_arrow(rows)
        with self._writing(table), self._checking() as connection:
            has_changed = differs(connection, table, batch, self.files(table.name))
            if has_changed:
                self._create(table)
                write_rows(self._path(table), batch, "overwrite")
        return has_changed

    def files(self, table_name: str) -> list[str]:
        """The Parquet files of the table's current version; none where a derived table does not exist yet."""
        return [file.path for file in self.list_files(table_name)]

    def list_files(self, table_name: str) -> list[LakeFile]:
        """The same with what the log says about their rows."""
        return list_files(self.folder, TABLES[table_name])

    def rewrite(
        self,
        table_name: str,
        connection: duckdb.DuckDBPyConnection,
        current: Sequence[LakeFile],
        files: Sequence[LakeFile],
        queries: Sequence[str],
    ) -> None:
        """Replace these files of a derived table by the rows of the queries, in which `stored` are the files' rows.

        The rows of each query are sorted, and come after those of the queries before. Raises `LakeBusy` when another
        writer changed the table since its files were `current`.
        """
        table = TABLES[table_name]
        with self._writing(table), detect_damage(self.folder):
            self._create(table)
            if {file.name for file in self.list_files(table_name)} != {file.name for file in current}:
                raise CommitFailedError("it was computed there at the same time")
            self._rewrite(connection, table, files, queries)

    def all_files(self) -> dict[str, list[LakeFile]]:
        """The files of every table's current version; those of pictures last, which other tables refer to."""
        return {name: self.list_files(name) for name in sorted(TABLES, key=lambda name: name == "pictures")}

    @contextmanager
    def reader(self, sql: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """A DuckDB connection in memory with a view for the current version of each table that `sql` names.

        Without `sql`, of every table, which takes several times as long to open.
        """
        names = [name for name in TABLES if sql is None or re.search(rf"\b{name}\b", sql)]
        files = {name: self.files(name) for name in names}
        with detect_damage(self.folder), open_reader(files) as connection:
            yield connection

    def stream(
        self, query: str, values: Sequence[object] | Mapping[str, object], count: int
    ) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a query in batches of `count`; the tables stay at their current version meanwhile."""
        with self.reader(query) as reader:
            result = reader.execute(query, dict(values) if isinstance(values, Mapping) else list(values))
            while rows := result.fetchmany(count):
                yield rows

    def query(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query over the current version of the tables."""
        with self.reader(query) as reader:
            return reader.execute(query, list(values)).fetchall()

    def count(self, query: str, values: Sequence[object] = ()) -> int:
        """The number that a query with one row and one column returns."""
        [(number,)] = self.query(query, values)
        return int(number)

    def tidy(self, keep_hours: int | None = None) -> None:
        """Merge small files into larger ones, and delete files that no version of the last `keep_hours` needs.

        None: as many as the last call with a number, or `KEEP_HOURS`. The cost does not grow with the tables' size.
        """
        for table in TABLES.values():
            if not table.derived:  # their files have the final size
                with self._writing(table), self._checking() as connection:
                    while small := files_to_merge(table, self.list_files(table.name)):
                        self._rewrite(connection, table, small, ["from stored"], changes=False)
                        if table.group_rows is None:
                            break
            if keep_hours is not None and DeltaTable.is_deltatable(str(self._path(table))):
                with self._writing(table):
                    set_retention(self._delta(table), keep_hours)
            current = len(self.files(table.name))
            old = len(list(self._path(table).glob("*.parquet"))) - current
            if old >= max(current, COMPACT_ABOVE_FILES):
                with self._writing(table):
                    vacuum_table(self._delta(table), full=not table.derived)

    def delete(self, table_name: str, column: str, values: Sequence[str], only: str = "true") -> None:
        """Delete the rows whose `column` has one of the values and that satisfy the SQL condition `only`."""
        table = TABLES[table_name]
        for start in range(0, len(values), DELETE_VALUES):
            literals = ", ".join(quote(value) for value in values[start : start + DELETE_VALUES])
            with self._writing(table):
                self._delta(table).delete(f"{only} and {column} in ({literals})")

    def purge(self, table_names: Sequence[str]) -> None:
        """Delete every file that the current versions do not need, so that deleted rows leave the disk too.

        `full` includes files of a killed writer, which no log names. The log is deleted as well, because it
        repeats values of rows and the conditions of deletions. Sessions that read an older version fail, so only
        forgetting calls this.
        """
        for name in table_names:
            with self._writing(TABLES[name]):
                shutil.rmtree(self._path(TABLES[name]) / _REMOVED_LOG, ignore_errors=True)
                for unfinished in (self._path(TABLES[name]) / "_delta_log").glob(UNFINISHED):
                    unfinished.unlink()
                purge_table(self._delta(TABLES[name]))

    def vacuum(self, table_name: str, keep_hours: int) -> int:
        """Delete files that no version of the last `keep_hours` needs, as `vacuum_table` does; returns how many."""
        if not DeltaTable.is_deltatable(str(self._path(table := TABLES[table_name]))):
            return 0
        with self._writing(table):
            set_retention(self._delta(table), keep_hours)
            return vacuum_table(self._delta(table))

    def reset(self, table_name: str) -> None:
        """Remove the log of a derived table, so that the next publish writes the table again.

        Its files stay for open sessions until a vacuum.
        """
        table = TABLES[table_name]
        log = self._path(table) / "_delta_log"
        with self._writing(table):
            shutil.rmtree(self._path(table) / _REMOVED_LOG, ignore_errors=True)  # of a killed process
            if log.exists():
                shutil.rmtree(log.replace(self._path(table) / _REMOVED_LOG))

    def _create(self, table: Table) -> None:
        path = str(self._path(table))
        if not DeltaTable.is_deltatable(path):
            DeltaTable.create(path, table.schema, mode="ignore", name=table.name, description=table.comment)

    def _missing_columns(self, table: Table) -> list[DeltaField]:
        existing = {field.name for field in self._delta(table).schema().fields}
        return [DeltaField.from_arrow(field) for field in table.schema if field.name not in existing]

    def _add(self, table: Table, rows: pa.Table) -> None:
        ordered = rows.sort_by([(name, "ascending") for name in table.order])
        write_rows(self._path(table), ordered, "append", table.group_rows)

    def _rewrite(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: Table,
        files: Sequence[LakeFile],
        queries: Sequence[str],
        *,
        changes: bool = True,
    ) -> None:
        folder, delta = self._path(table), self._delta(table)
        stored = scan([file.path for file in files], table)
        size = rows_per_file(table, sum(file.rows for file in files))
        added = []
        for query in queries:
            ordered = f"with stored as {stored} {query} order by {', '.join(table.order)}"
            rows = connection.sql(ordered)
            added += write_files(folder, table, rows.to_arrow_reader(table.group_rows or GROUP_ROWS), size)
        commit_files(folder, delta.version(), [file.name for file in files], added, changes=changes)
        if (delta.version() + 1) % CHECKPOINT_VERSIONS == 0:
            self._delta(table).create_checkpoint()

    @contextmanager
    def _checking(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with detect_damage(self.folder), open_connection() as connection:
            yield connection

    def _path(self, table: Table) -> Path:
        return self.folder / table.name

    def _delta(self, table: Table) -> DeltaTable:
        return open_table(self.folder, table)

    def _writing(self, table: Table) -> AbstractContextManager[None]:
        return lock_table(self.folder, table.name)
