"""What keeps a table small in the object store: which data files and log entries are deleted there, and when.

A writer on another machine may have put data files into the store that its next version names. So a file that the log
does not name is deleted only if it is older than the retention, or, when everything is deleted, older than a version that
this call has put there: after it the other writer begins again.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from warehouse.object_store.client import StoredObject
from warehouse.storage.log_files import (
    LOG,
    commit_name,
    is_commit,
    list_log,
    read_named_files,
    version_of,
)
from warehouse.storage.table_copy import TableCopy

_DATA = ".parquet"


def list_data(table: TableCopy) -> dict[str, StoredObject]:
    """The data files of the table in the store, of all versions, and those that no version has."""
    listed = table.store.list(table.prefix)
    names = {one.name.removeprefix(f"{table.prefix}/"): one for one in listed}
    return {name: one for name, one in names.items() if "/" not in name and name.endswith(_DATA)}


def count_expired(table: TableCopy, keep_hours: int) -> int:
    """Data files that were removed from the table before the last hours, as far as the log after a checkpoint says."""
    before = datetime.now(UTC) - timedelta(hours=keep_hours)
    removed = read_named_files(table.folder).removed
    return sum(at < before.timestamp() * 1000 for at in removed.values())


def delete_old_data(table: TableCopy, keep_hours: int, *, full: bool) -> int:
    """Delete data files that no version of the last hours needs, in the store and in the copy; returns how many.

    `full` includes those that the log does not name.
    """
    before = datetime.now(UTC) - timedelta(hours=keep_hours)
    named, stored = read_named_files(table.folder), list_data(table)
    kept = {name for name, at in named.removed.items() if at >= before.timestamp() * 1000} | named.current
    old = [
        name
        for name, one in stored.items()
        if name not in kept and (name in named.removed or (full and one.modified < before))
    ]
    _delete(table, old)
    delete_gone_files(table)
    return len(old)


def delete_all_old_data(table: TableCopy) -> None:
    """Delete every data file that the newest version does not need, and the log before it.

    The newest version was put into the store just now, with a checkpoint.
    """
    named, stored = read_named_files(table.folder), list_data(table)
    version = max(list_log(table.folder).values())
    log = {Path(one.name).name: one for one in table.store.list(f"{table.prefix}/{LOG}")}
    barrier = log[commit_name(version)].modified
    old = [
        name
        for name, one in stored.items()
        if name not in named.current and (name in named.removed or one.modified < barrier)
    ]
    _delete(table, old)
    _delete(table, [f"{LOG}/{name}" for name in log if (of := version_of(name)) is not None and of < version])
    table.replace_log()
    delete_gone_files(table)


def delete_old_log(table: TableCopy, keep_days: int) -> None:
    """Delete entries of the log in the store that are older than the days and than a checkpoint of that age."""
    before = datetime.now(UTC) - timedelta(days=keep_days)
    log = {Path(one.name).name: one for one in table.store.list(f"{table.prefix}/{LOG}")}
    versions = {name: version for name in log if (version := version_of(name)) is not None}
    old = [
        version for name, version in versions.items() if not is_commit(name) and log[name].modified < before
    ]
    first = max(old, default=0)
    if names := [f"{LOG}/{name}" for name, version in versions.items() if version < first]:
        _delete(table, names)
        table.replace_log()


def delete_gone_files(table: TableCopy) -> None:
    """Delete data files from the copy that the store no longer has."""
    local = {file.name for file in table.folder.glob(f"*{_DATA}")}
    if local:
        stored = list_data(table)
        for name in local - stored.keys():
            (table.folder / name).unlink(missing_ok=True)


def _delete(table: TableCopy, names: list[str]) -> None:
    table.store.delete([f"{table.prefix}/{name}" for name in sorted(names, reverse=True)])
