"""The Parquet files of a table, with what the table's log says about their rows: which of them can hold a key."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from warehouse.schema.table_schema import Table
from warehouse.schema.tables import TABLES
from warehouse.storage.damage import damage_error


@dataclass(frozen=True, slots=True)
class LakeFile:
    """A file of a table's current version. `lowest` and `highest` are its smallest and largest value by column.

    A column without known values is missing in both.
    """

    path: str
    bytes: int
    rows: int
    lowest: Mapping[str, Any]
    highest: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The file's name in the table's folder."""
        return Path(self.path).name

    def may_hold(self, values: Mapping[str, Sequence[Any]]) -> bool:
        """Whether a row of the file can have one of the values in each column; the values are sorted."""
        return all(self._may_hold(column, ordered) for column, ordered in values.items())

    def may_share(self, other: LakeFile, columns: Sequence[str]) -> bool:
        """Whether a row of this file and one of the other can have the same values in the columns."""
        return all(
            column not in self.lowest
            or column not in other.lowest
            or (self.lowest[column] <= other.highest[column] and other.lowest[column] <= self.highest[column])
            for column in columns
        )

    def _may_hold(self, column: str, ordered: Sequence[Any]) -> bool:
        if column not in self.lowest or column not in self.highest:
            return True
        first = bisect_left(ordered, self.lowest[column])
        return first < len(ordered) and bool(ordered[first] <= self.highest[column])


_LogState = frozenset[tuple[str, int, int, int]]
"""Name, inode, time of change in ns and bytes of each file of a table's log."""


def open_table(lake: Path, table: Table) -> DeltaTable:
    """The current version of a table. Raises `LakeDamaged` where it can't be read."""
    try:
        return DeltaTable(str(lake / table.name))
    except (DeltaError, OSError) as error:
        raise damage_error(lake, error, table.name) from error


def list_files(lake: Path, table: Table) -> list[LakeFile]:
    """The files of the table's version, with the values of its key; none where a derived table does not exist yet.

    The log is read once in each of its states, because a run lists most tables many times. Raises `LakeDamaged`.
    """
    if state := _describe_log(lake / table.name):
        return list(_read_once(lake, table, state))
    return _read_files(lake, table)


def _describe_log(folder: Path) -> _LogState:
    """The state of a table's log, equal only while no file of it changes; empty if there is no log."""
    try:
        with os.scandir(folder / "_delta_log") as entries:
            found = [(entry.name, entry.stat()) for entry in entries if not entry.name.endswith(".tmp")]
    except OSError:  # there is no table, or a clean-up deletes files of the log meanwhile
        return frozenset()
    return frozenset((name, stat.st_ino, stat.st_mtime_ns, stat.st_size) for name, stat in found)


@lru_cache(maxsize=3 * len(TABLES))
def _read_once(lake: Path, table: Table, state: _LogState) -> list[LakeFile]:
    return _read_files(lake, table)


def _read_files(lake: Path, table: Table) -> list[LakeFile]:
    folder, columns = lake / table.name, table.key
    if table.derived and not DeltaTable.is_deltatable(str(folder)):
        return []
    delta = open_table(lake, table)
    # Not `file_uris()`: it returns URL-encoded paths, which are wrong for a folder with a blank in its name.
    # Not `to_pylist()` of pyarrow: it imports pandas for the first time with a zone, which takes half a second.
    actions = pl.DataFrame(delta.get_add_actions(flatten=True))
    bounds = [f"{bound}.{column}" for bound in ("min", "max") for column in columns]
    wanted = [name for name in ("path", "size_bytes", "num_records", *bounds) if name in actions.columns]
    return [
        LakeFile(
            path=str(folder / action["path"]),
            bytes=action["size_bytes"],
            rows=action.get("num_records") or 0,
            lowest=_known(action, "min", columns),
            highest=_known(action, "max", columns),
        )
        for action in actions.select(wanted).iter_rows(named=True)
    ]


def distinct_values(batch: pa.Table, columns: Sequence[str]) -> dict[str, list[Any]]:
    """The sorted distinct values of each column, as `LakeFile.may_hold` takes them."""
    return {column: sorted(pc.unique(batch[column]).to_pylist()) for column in columns}


def _known(action: Mapping[str, Any], bound: str, columns: Sequence[str]) -> dict[str, Any]:
    values = {column: action.get(f"{bound}.{column}") for column in columns}
    known = {column: value for column, value in values.items() if value is not None}
    if bound == "max":
        # The log cuts times to milliseconds.
        times = {column: value for column, value in known.items() if isinstance(value, datetime)}
        known |= {column: value + timedelta(milliseconds=1) for column, value in times.items()}
    return known
