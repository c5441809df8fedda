"""What is read of a lake: the files of its tables, and queries over them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb

from warehouse.object_store.client import ObjectStore
from warehouse.schema.tables import TABLES
from warehouse.storage.damage import detect_damage
from warehouse.storage.lake_copy import open_copy
from warehouse.storage.lake_files import LakeFile
from warehouse.storage.lake_reader import open_reader
from warehouse.storage.table_versions import list_files

Choices = Mapping[str, Callable[[LakeFile], bool]]
"""For some tables whether a file can have a row that a query needs."""
NO_CHOICES: Choices = MappingProxyType({})


class ReadableLake:
    """The tables below one folder. It holds no connection and no state but the folder.

    Raises `LakeDamaged` when a table can't be read.
    """

    def __init__(self, folder: Path, store: ObjectStore | None = None) -> None:
        self.folder = folder
        self.store = store
        self._copy = open_copy(folder, store) if store is not None else None

    def files(self, table_name: str) -> list[str]:
        """The Parquet files of the table's current version; none where a derived table does not exist yet."""
        return [file.path for file in self.list_files(table_name)]

    def list_files(self, table_name: str) -> list[LakeFile]:
        """The same with what the log says about their rows."""
        reading = partial(list_files, self.folder, TABLES[table_name])
        return reading() if self._copy is None else self._copy.read(table_name, reading)

    def all_files(self) -> dict[str, list[LakeFile]]:
        """The files of every table's current version; those of pictures last, which other tables refer to."""
        self._refresh(list(TABLES))
        return {name: self.list_files(name) for name in sorted(TABLES, key=lambda name: name == "pictures")}

    @contextmanager
    def reader(
        self, sql: str | None = None, only: Choices = NO_CHOICES
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """A DuckDB connection in memory with a view for the current version of each table that `sql` names.

        Without `sql`, of every table, which takes several times as long to open. The view of a table in `only` has
        the rows of the chosen files alone: a query for few rows opens few files of a large table.
        """
        names = [name for name in TABLES if sql is None or re.search(rf"\b{name}\b", sql)]
        self._refresh(names)
        files = {
            name: [file.path for file in self.list_files(name) if name not in only or only[name](file)]
            for name in names
        }
        with detect_damage(self.folder), open_reader(files) as connection:
            yield connection

    def stream(
        self,
        query: str,
        values: Sequence[object] | Mapping[str, object],
        count: int,
        only: Choices = NO_CHOICES,
    ) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a query in batches of `count`; the tables stay at their current version meanwhile."""
        with self.reader(query, only) as reader:
            result = reader.execute(query, dict(values) if isinstance(values, Mapping) else list(values))
            while rows := result.fetchmany(count):
                yield rows

    def query(
        self, query: str, values: Sequence[object] = (), only: Choices = NO_CHOICES
    ) -> list[tuple[Any, ...]]:
        """All rows of a query over the current version of the tables; `only` is that of `reader`."""
        with self.reader(query, only) as reader:
            return reader.execute(query, list(values)).fetchall()

    def count(self, query: str, values: Sequence[object] = (), only: Choices = NO_CHOICES) -> int:
        """The number that a query with one row and one column returns."""
        [(number,)] = self.query(query, values, only)
        return int(number)

    def _refresh(self, names: Sequence[str]) -> None:
        if self._copy is not None:
            self._copy.refresh(names)

    def bring(self, files: Sequence[str]) -> None:
        """Download those of these data files that the copy of a lake in an object store does not have."""
        if self._copy is not None:
            self._copy.bring(files)
