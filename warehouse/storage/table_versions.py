"""The current version of a table by its log: its number, the names of its columns, and its files.

A process reads the whole log of a table once. After a commit it reads the commit alone, because each write of a night
makes a version, and the log of a large table names hundreds of files. The Delta library reads logs with a checkpoint,
and those with more than files and columns.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import polars as pl
import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from warehouse.schema.table_schema import Table
from warehouse.storage.damage import damage_error
from warehouse.storage.lake_files import LakeFile

_LogState = frozenset[tuple[str, int, int, int]]
"""Name, inode, time of change in ns and bytes of each file of a table's log."""
_ACTIONS = {"add", "remove", "commitInfo", "txn", "metaData", "protocol"}
"""Other actions of a commit change more of a table than its files and columns."""
MAX_REPLAYED = 200
"""The Delta library takes less time for more commits. It reads checkpoints too."""


@dataclass(frozen=True, slots=True)
class TableVersion:
    """A version of a table. Its number is -1, and it has nothing, where a derived table does not exist yet."""

    number: int
    columns: frozenset[str]
    files: tuple[LakeFile, ...]
    complete: frozenset[str]
    """The paths of files that are known to have the table's columns and no others, without a look into them."""


_NOTHING = TableVersion(-1, frozenset(), (), frozenset())
_read: dict[tuple[Path, str], tuple[_LogState, TableVersion]] = {}
_MAX_READ = 100
"""Tables of two or three lakes: a process has seldom more than one."""


def open_table(lake: Path, table: Table) -> DeltaTable:
    """The current version of a table. Raises `LakeDamaged` where it can't be read."""
    try:
        return DeltaTable(str(lake / table.name))
    except (DeltaError, OSError) as error:
        raise damage_error(lake, error, table.name) from error


def list_files(lake: Path, table: Table) -> list[LakeFile]:
    """The files of the table's version, with the values of its key; none where a derived table does not exist yet.

    Raises `LakeDamaged`.
    """
    return list(read_version(lake, table).files)


def read_version(lake: Path, table: Table) -> TableVersion:
    """The current version of a table. Raises `LakeDamaged`."""
    state = _describe_log(lake / table.name)
    if not state:
        return _read_version(lake, table)
    key = (lake, table.name)
    before = _read.get(key)
    if before is not None and before[0] == state:
        return before[1]
    if before is None and not any("checkpoint" in name for name, *_ in state):
        before = (frozenset(), _NOTHING)
    version = None if before is None else _replay(lake, table, before, state)
    if version is None:
        version = _read_version(lake, table)
    if key not in _read and len(_read) >= _MAX_READ:
        _read.pop(next(iter(_read)), None)
    _read[key] = (state, version)
    return version


def are_complete(paths: Sequence[str], table: Table) -> bool:
    """Whether files of a table's version that was read last are known to have its columns and no others."""
    if not paths:
        return True
    lake = Path(paths[0]).parent.parent
    _, version = _read.get((lake, table.name), (None, _NOTHING))
    return version.complete.issuperset(paths)


def _describe_log(folder: Path) -> _LogState:
    """The state of a table's log, equal only while no file of it changes; empty if there is no log."""
    try:
        with os.scandir(folder / "_delta_log") as entries:
            found = [(entry.name, entry.stat()) for entry in entries if not entry.name.endswith(".tmp")]
    except OSError:  # there is no table, or a clean-up deletes files of the log meanwhile
        return frozenset()
    return frozenset((name, stat.st_ino, stat.st_mtime_ns, stat.st_size) for name, stat in found)


def _replay(
    lake: Path, table: Table, before: tuple[_LogState, TableVersion], state: _LogState
) -> TableVersion | None:
    """The version of the state, by the commits after the version `before`; None where they do not tell it."""
    known = {entry for entry in before[0] if entry[0].endswith(".json")}
    commits = {entry for entry in state if entry[0].endswith(".json")}
    names = sorted(name for name, *_ in commits - known)
    if not known <= commits or len(names) > MAX_REPLAYED:
        return None
    version, folder = before[1], lake / table.name
    number, columns = version.number, version.columns
    files = {file.name: file for file in version.files}
    bounded = _bounded_columns(table)
    for number, name in enumerate(names, version.number + 1):
        actions = _read_commit(folder / "_delta_log" / name)
        if actions is None or name != f"{number:020d}.json":
            return None
        for action in actions:
            if removed := action.get("remove"):
                files.pop(unquote(removed["path"]), None)
            elif added := action.get("add"):
                file = _file_of(folder, bounded, added)
                files[file.name] = file
            elif described := action.get("metaData"):
                columns = frozenset(one["name"] for one in json.loads(described["schemaString"])["fields"])
    if not columns:
        return None
    stored = {file.name for file in version.files}
    # The newest first, as in a log that the Delta library reads.
    ordered = sorted(files.values(), key=lambda file: file.name in stored)
    return TableVersion(number, columns, tuple(ordered), _find_complete(table, columns, ordered))


def _read_commit(file: Path) -> list[dict[str, Any]] | None:
    """The actions of a commit; None where the log may mean more than lists of files."""
    try:
        actions = [json.loads(line) for line in file.read_text("utf-8").split("\n") if line]
    except (OSError, ValueError):
        return None
    return actions if actions and all(map(_is_plain, actions)) else None


def _is_plain(action: object) -> bool:
    if not isinstance(action, dict) or not action.keys() <= _ACTIONS:
        return False
    protocol, described = action.get("protocol") or {}, action.get("metaData") or {}
    return (
        protocol.get("minReaderVersion", 1) == 1
        and not described.get("partitionColumns")
        and "delta.columnMapping.mode" not in described.get("configuration", {})
        and not (action.get("add") or {}).get("deletionVector")
    )


def _bounded_columns(table: Table) -> dict[str, bool]:
    """The columns of which smallest and largest values are known: those of the key and times, and whether it is a time."""
    times = {c.name: pa.types.is_timestamp(c.type) for c in table.columns}
    return {name: is_time for name, is_time in times.items() if is_time or name in table.key}


def _file_of(folder: Path, bounded: Mapping[str, bool], added: Mapping[str, Any]) -> LakeFile:
    """A file by its entry in a commit."""
    stats = json.loads(added.get("stats") or "{}")
    low, high = (
        {
            column: datetime.fromisoformat(value) if is_time else value
            for column, is_time in bounded.items()
            if (value := stats.get(bound, {}).get(column)) is not None
        }
        for bound in ("minValues", "maxValues")
    )
    nulls = stats.get("nullCount", {})
    return _make_file(
        folder, unquote(added["path"]), added["size"], stats.get("numRecords"), low, high, nulls
    )


def _read_version(lake: Path, table: Table) -> TableVersion:
    folder = lake / table.name
    if table.derived and not DeltaTable.is_deltatable(str(folder)):
        return _NOTHING
    delta = open_table(lake, table)
    # Not `file_uris()`: it returns URL-encoded paths, which are wrong for a folder with a blank in its name.
    # Not `to_pylist()` of pyarrow: it imports pandas for the first time with a zone, which takes half a second.
    actions = pl.DataFrame(delta.get_add_actions(flatten=True))
    bounded = _bounded_columns(table)
    names = {
        bound: {c: f"{bound}.{c}" for c in columns if f"{bound}.{c}" in actions.columns}
        for bound, columns in (("min", bounded), ("max", bounded), ("null_count", table.schema.names))
    }
    plain = [name for name in ("path", "size_bytes", "num_records") if name in actions.columns]
    rows = actions.select(*plain, *(name for some in names.values() for name in some.values()))

    def known(row: Mapping[str, Any], bound: str) -> dict[str, Any]:
        return {column: row[name] for column, name in names[bound].items() if row[name] is not None}

    files = [
        _make_file(
            folder,
            row["path"],
            row["size_bytes"],
            row.get("num_records"),
            known(row, "min"),
            known(row, "max"),
            known(row, "null_count"),
        )
        for row in rows.iter_rows(named=True)
    ]
    columns = frozenset(field.name for field in delta.schema().fields)
    return TableVersion(delta.version(), columns, tuple(files), _find_complete(table, columns, files))


def _find_complete(table: Table, columns: frozenset[str], files: Sequence[LakeFile]) -> frozenset[str]:
    expected = {c.name for c in table.columns if not pa.types.is_nested(c.type)}
    if not columns <= set(table.schema.names):  # a newer likelens may have written any of the files
        return frozenset()
    return frozenset(file.path for file in files if expected <= file.nulls.keys())


def _make_file(
    folder: Path,
    name: str,
    size: int,
    rows: int | None,
    lowest: Mapping[str, Any],
    highest: Mapping[str, Any],
    nulls: Mapping[str, int],
) -> LakeFile:
    # The log cuts times to milliseconds.
    times = {column: value for column, value in highest.items() if isinstance(value, datetime)}
    highest = {**highest, **{column: value + timedelta(milliseconds=1) for column, value in times.items()}}
    return LakeFile(f"{folder}{os.sep}{name}", size, rows or 0, lowest, highest, nulls)
