"""The lake: one Delta table for each row type, with appends and upserts that count once.

Every write holds the table's lock file, skips rows whose keys the table has, and commits once. So a batch that
is written again, by a retry, after a kill or by two runs at once, changes nothing. (Delta's application
transactions are not enough: two concurrent writers both commit.) The kernel releases the lock when its process
ends. A write reads only the files that can have its keys, and an update rewrites only those that have them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from warehouse.schema.sql_types import quote
from warehouse.schema.table_schema import Row, Table
from warehouse.schema.tables import TABLES
from warehouse.storage.damage import detect_damage
from warehouse.storage.delta_upkeep import has_held_rows, purge_table, set_retention, vacuum_table
from warehouse.storage.file_commit import UNFINISHED
from warehouse.storage.file_layout import COMPACT_ABOVE_FILES, files_to_merge
from warehouse.storage.hash_index import remove_index
from warehouse.storage.lake_files import LakeFile
from warehouse.storage.lake_reader import open_connection
from warehouse.storage.readable_lake import ReadableLake
from warehouse.storage.stored_keys import UpdateOptions
from warehouse.storage.table_lock import lock_table
from warehouse.storage.table_versions import open_table
from warehouse.storage.table_writes import (
    append_new,
    create_or_extend,
    create_table,
    missing_columns,
    replace_all,
    rewrite_files,
    update,
)

T = TypeVar("T")

DELETE_VALUES = 1_000
_REMOVED_LOG = "_removed_log"
UNFINISHED_PORTIONS = "_portions"
"""The folder of a derived table for files that are needed while it is computed; a killed process leaves it."""


class Lake(ReadableLake):
    """The tables below one folder, for reading and writing.

    Raises `LakeBusy` when a table stays locked, `DiskFull` when the disk is full, and `LakeDamaged` when a table
    can't be read or written.
    """

    def create(self) -> None:
        """Create missing tables, and columns that a table of an older likelens does not have."""
        self._refresh(list(TABLES))
        for table in TABLES.values():
            if not DeltaTable.is_deltatable(str(self._path(table))) or missing_columns(self.folder, table):
                self._write(table, partial(create_or_extend, self.folder, table))

    def exists(self) -> bool:
        """Whether there are tables; a home folder in which nothing ran yet has none."""
        if self._copy is None:
            return self.folder.exists()
        self._refresh(["posts"])
        return self._exists(TABLES["posts"])

    def append(self, rows: Sequence[Row]) -> int:
        """Add the rows, all of one type, whose keys the table does not have; returns the number of added rows.

        Of two rows with the same key the first is stored.
        """
        if not rows:
            return 0
        table = TABLES[rows[0].table]
        return self.append_arrow(table.name, table.to_arrow(rows))

    def append_columns(self, table_name: str, columns: Mapping[str, Sequence[object]]) -> int:
        """The same for rows that are lists of each column's values, for stages that store many rows a second."""
        return self.append_arrow(table_name, pa.Table.from_pydict(columns, schema=TABLES[table_name].schema))

    def append_arrow(self, table_name: str, batch: pa.Table) -> int:
        """The same for rows that are an Arrow table with the table's schema."""
        if not batch.num_rows:
            return 0
        return self._write(TABLES[table_name], partial(self._do, append_new, TABLES[table_name], batch))

    def upsert(self, rows: Sequence[Row], keep: Sequence[str] = (), never_alone: Sequence[str] = ()) -> int:
        """Add new rows and update others, but for what `UpdateOptions` says; returns how many were added or changed."""
        if not rows:
            return 0
        table, options = TABLES[rows[0].table], UpdateOptions(keep, never_alone)
        return self._write(table, partial(self._do, update, table, table.to_arrow(rows), options))

    def replace(self, row: type[Row], rows: Sequence[Row]) -> bool:
        """Replace all rows of the table by these in one commit, if they differ; returns whether they do."""
        table = TABLES[row.table]
        return self._write(table, partial(self._do, replace_all, table, table.to_arrow(rows)))

    def rewrite(
        self,
        table_name: str,
        connection: duckdb.DuckDBPyConnection,
        current: Sequence[LakeFile],
        files: Sequence[LakeFile],
        queries: Iterable[str],
    ) -> None:
        """Replace these files of a derived table by the rows of the queries, in which `stored` are the files' rows.

        The rows of each query are sorted, and come after those of the queries before. Raises `LakeBusy` when another
        writer changed the table since its files were `current`.
        """
        table = TABLES[table_name]
        names = {file.name for file in current}

        def rewrite() -> None:
            create_table(self.folder, table)
            if {file.name for file in self.list_files(table_name)} != names:
                raise CommitFailedError("it was computed there at the same time")
            rewrite_files(connection, self.folder, table, files, queries)

        with detect_damage(self.folder):
            self._write(table, rewrite)

    def tidy(self, keep_hours: int | None = None) -> None:
        """Merge small files into larger ones, and delete files that no version of the last `keep_hours` needs.

        None: as many as the last call with a number, or `KEEP_HOURS`. The cost does not grow with the tables' size.
        """
        for table in TABLES.values():
            # The files of derived tables have the final size.
            if not table.derived and files_to_merge(table, self.list_files(table.name)):
                self._write(table, partial(self._merge_small, table))
            if keep_hours is not None and self._exists(table):
                self._write(table, partial(self._set_retention, table, keep_hours))
            current = len(self.files(table.name))
            if self._count_old_files(table, current) >= max(current, COMPACT_ABOVE_FILES):
                self._vacuum(table, full=not table.derived)

    def delete(self, table_name: str, column: str, values: Sequence[str], only: str = "true") -> None:
        """Delete the rows whose `column` has one of the values and that satisfy the SQL condition `only`."""
        table = TABLES[table_name]
        for start in range(0, len(values), DELETE_VALUES):
            literals = ", ".join(quote(value) for value in values[start : start + DELETE_VALUES])
            condition = f"{only} and {column} in ({literals})"
            self._write(table, partial(self._delete, table, condition))

    def purge(self, table_names: Sequence[str]) -> None:
        """Delete every file that the current versions do not need, so that deleted rows leave the disk too.

        The log and the index are deleted as well, because they repeat values of rows. Sessions that read an older
        version fail, so only forgetting calls this.
        """
        for name in table_names:
            with lock_table(self.folder, name):
                for left in (_REMOVED_LOG, UNFINISHED_PORTIONS):
                    shutil.rmtree(self._path(TABLES[name]) / left, ignore_errors=True)
                for unfinished in (self._path(TABLES[name]) / "_delta_log").glob(UNFINISHED):
                    unfinished.unlink()
                remove_index(self.folder, name)
                if self._copy is not None:
                    self._copy.purge(name)
                elif has_held_rows(self._path(TABLES[name])):
                    purge_table(self._delta(TABLES[name]))

    def vacuum(self, table_name: str, keep_hours: int) -> int:
        """Delete files that no version of the last `keep_hours` needs, as `vacuum_table` does; returns how many."""
        table = TABLES[table_name]
        self._refresh([table_name])
        if not self._exists(table):
            return 0
        self._write(table, partial(self._set_retention, table, keep_hours))
        return self._vacuum(table)

    def reset(self, table_name: str) -> None:
        """Remove the log of a derived table, so that the next publish writes the table again.

        Its files stay for open sessions until a vacuum.
        """
        table = TABLES[table_name]
        log = self._path(table) / "_delta_log"
        with lock_table(self.folder, table.name):
            shutil.rmtree(self._path(table) / _REMOVED_LOG, ignore_errors=True)  # of a killed process
            if self._copy is not None:
                self._copy.table(table.name).remove_log()
            if log.exists():
                shutil.rmtree(log.replace(self._path(table) / _REMOVED_LOG))

    def _write(self, table: Table, operation: Callable[[], T]) -> T:
        """Do the operation while the table is locked; in an object store again, where another machine was faster."""
        with lock_table(self.folder, table.name):
            return operation() if self._copy is None else self._copy.write(table.name, operation)

    def _do(self, work: Callable[..., T], table: Table, *values: object) -> T:
        """Do a write of `table_writes` to the current files of the table."""
        with self._checking() as connection:
            return work(connection, self.folder, table, self.list_files(table.name), *values)

    def _delete(self, table: Table, condition: str) -> None:
        self.bring(self.files(table.name))
        self._delta(table).delete(condition)

    def _merge_small(self, table: Table) -> None:
        with self._checking() as connection:
            while small := files_to_merge(table, self.list_files(table.name)):
                rewrite_files(connection, self.folder, table, small, ["from stored"], changes=False)
                if table.group_rows is None:
                    break

    def _set_retention(self, table: Table, keep_hours: int) -> None:
        set_retention(self._delta(table), keep_hours)

    def _vacuum(self, table: Table, *, full: bool = True) -> int:
        with lock_table(self.folder, table.name):
            if self._copy is not None:
                return self._copy.vacuum(table.name, full=full)
            return vacuum_table(self._delta(table), full=full)

    def _count_old_files(self, table: Table, current: int) -> int:
        """Data files that are not of the current version; in an object store those that a vacuum can delete."""
        if self._copy is not None:
            return self._copy.count_expired(table.name)
        return len(list(self._path(table).glob("*.parquet"))) - current

    def _exists(self, table: Table) -> bool:
        return DeltaTable.is_deltatable(str(self._path(table)))

    @contextmanager
    def _checking(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with detect_damage(self.folder), open_connection() as connection:
            yield connection

    def _path(self, table: Table) -> Path:
        return self.folder / table.name

    def _delta(self, table: Table) -> DeltaTable:
        return open_table(self.folder, table)
