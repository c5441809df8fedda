"""The local copy of a lake in an object store: when it is brought up to date, and how a write becomes a version.

All reading and writing works on the copy. Reading brings the log up to date at most every few seconds, and a data file
is downloaded when a query first scans it. A write brings the log up to date, changes the copy, and puts the new version
into the store; where another machine was faster, it begins again.
"""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from deltalake import DeltaTable
from filelock import FileLock, Timeout

from warehouse.disk_space import detect_full_disk, existing_parent
from warehouse.errors import BadHome, LakeBusy, LakeDamaged
from warehouse.object_store.client import ObjectStore
from warehouse.storage.copy_upkeep import (
    count_expired,
    delete_all_old_data,
    delete_gone_files,
    delete_old_data,
    delete_old_log,
)
from warehouse.storage.delta_upkeep import stored_retention
from warehouse.storage.file_commit import commit_files
from warehouse.storage.table_copy import TRANSFERS_AT_ONCE, TableCopy
from warehouse.storage.table_lock import LOCK_SECONDS, lock_table

T = TypeVar("T")

REFRESH_SECONDS = 5.0
"""A copy that is younger is read without a look into the store."""
MAX_ATTEMPTS = 20
_MAX_DELAY_SECONDS = 3.0
COPY_MARKER = ".copy.json"
"""A file in the folder of a lake that is a copy, with the URL of the store."""


class LakeCopy:
    """The copy of one lake in this process. Every method raises `BadStore` and `StoreUnavailable`."""

    def __init__(self, folder: Path, store: ObjectStore) -> None:
        self.folder = folder
        self.store = store
        self._refreshed: dict[str, float] = {}
        self._writing = threading.local()
        self._is_marked = False

    def table(self, name: str) -> TableCopy:
        """The copy of a table."""
        return TableCopy(self.store, self.folder, name)

    def refresh(self, names: Sequence[str]) -> None:
        """Bring the logs of these tables up to date, unless they are since a few seconds, or are being written."""
        due = [name for name in names if self._is_due(name)]
        if due:
            self._mark()
        if len(due) == 1:
            self._refresh_one(due[0])
        elif due:
            with ThreadPoolExecutor(TRANSFERS_AT_ONCE) as threads:
                list(threads.map(self._refresh_one, due))

    def read(self, name: str, reading: Callable[[], T]) -> T:
        """Bring the log up to date, and read it; again where another process replaced it meanwhile."""
        self.refresh([name])
        try:
            return reading()
        except LakeDamaged:
            if name in self._held_names():
                raise
            with lock_table(self.folder, name):
                return reading()

    def write(self, name: str, operation: Callable[[], T]) -> T:
        """Do the operation on the copy, and put the version that it makes into the store.

        It is done again while writers on other machines are faster. The caller holds the table's lock. Raises `LakeBusy`
        when they are faster too often.
        """
        self._mark()
        table = self.table(name)
        for attempt in range(MAX_ATTEMPTS):
            with self._held(name):
                self._bring_up_to_date(table)
                try:
                    result = operation()
                    is_first = _commit(table)
                except BaseException:
                    table.drop_uncommitted()
                    raise
            if is_first:
                self._refreshed[name] = time.monotonic()
                return result
            table.drop_uncommitted()
            time.sleep(random.uniform(0.1, 1.0) * min(0.2 * 2**attempt, _MAX_DELAY_SECONDS))
        raise LakeBusy(f"Other machines changed the table {name} {MAX_ATTEMPTS} times while it was written.")

    def vacuum(self, name: str, *, full: bool) -> int:
        """Write a checkpoint, and delete files that no version of the retention needs; returns how many.

        The caller holds the table's lock.
        """
        table, delta = self._write_checkpoint(name)
        log_days, file_days = stored_retention(delta)
        delete_old_log(table, log_days)
        return delete_old_data(table, 24 * file_days, full=full)

    def purge(self, name: str) -> None:
        """Delete every file that the current version does not need, and all of the log before it.

        The caller holds the table's lock.
        """
        folder = self.folder / name
        self.write(
            name, lambda: commit_files(folder, DeltaTable(str(folder)).version(), [], [], changes=False)
        )
        table, _ = self._write_checkpoint(name)
        with self._held(name):
            delete_all_old_data(table)

    def count_expired(self, name: str) -> int:
        """Data files that the table's log names, and that no version of the retention needs; without a request."""
        if not DeltaTable.is_deltatable(str(self.folder / name)):
            return 0
        _, days = stored_retention(DeltaTable(str(self.folder / name)))
        return count_expired(self.table(name), 24 * days)

    def _write_checkpoint(self, name: str) -> tuple[TableCopy, DeltaTable]:
        table = self.table(name)
        self._bring_up_to_date(table)
        delta = DeltaTable(str(table.folder))
        delta.create_checkpoint()
        table.upload_checkpoint()
        return table, delta

    def bring(self, paths: Iterable[str]) -> None:
        """Download those of the tables' data files that this machine does not have."""
        missing: dict[str, list[str]] = {}
        for path in map(Path, paths):
            if not path.exists():
                missing.setdefault(path.parent.name, []).append(path.name)
        for name, files in missing.items():
            with detect_full_disk(existing_parent(self.folder)):
                try:
                    self.table(name).bring(files)
                except FileNotFoundError as error:
                    raise LakeDamaged(
                        f"The table {name} in {self.store.url} can't be read: {error} It may have been older than the"
                        " days of history; run again. If the message comes again, restore the file from a backup."
                    ) from error

    def _is_due(self, name: str) -> bool:
        if name in self._held_names():
            return False
        last = self._refreshed.get(name)
        return last is None or time.monotonic() - last > REFRESH_SECONDS

    def _refresh_one(self, name: str) -> None:
        table = self.table(name)
        # A table that another process writes is up to date; the first copy must be waited for.
        lock = FileLock(self.folder / f".{name}.lock", timeout=0 if table.is_begun() else LOCK_SECONDS)
        with contextlib.suppress(Timeout), lock:
            self._bring_up_to_date(table)
        self._refreshed[name] = time.monotonic()

    def _bring_up_to_date(self, table: TableCopy) -> None:
        with detect_full_disk(existing_parent(self.folder)):
            if table.refresh():
                delete_gone_files(table)

    def _mark(self) -> None:
        """Note whose copy the folder is. Raises `BadHome` for a folder that has other tables."""
        marker, mine = self.folder / COPY_MARKER, {"url": self.store.url, "endpoint": self.store.endpoint}
        if self._is_marked and marker.exists():
            return
        with FileLock(_prepared(self.folder) / ".copy.lock", timeout=LOCK_SECONDS):
            url = url_of_copy(self.folder)
            if not url and not any(self.folder.glob("*/_delta_log")):
                url = self.store.url
            if url != self.store.url:
                raise BadHome(
                    f"The folder {self.folder.parent} has the tables of {url or 'a home folder of its own'}, not a copy of"
                    f" {self.store.url}. Set cache under [storage] in the settings to another folder."
                )
            if not marker.exists():
                marker.write_text(json.dumps(mine), encoding="utf-8")
        self._is_marked = True

    @contextmanager
    def _held(self, name: str) -> Iterator[None]:
        """Let reads in the block see the copy as it is."""
        names = self._held_names()
        names.add(name)
        try:
            yield
        finally:
            names.discard(name)

    def _held_names(self) -> set[str]:
        if not hasattr(self._writing, "names"):
            self._writing.names = set()
        names: set[str] = self._writing.names
        return names


def _commit(table: TableCopy) -> bool:
    """Put the copy's new version into the store; False where another machine was faster."""
    try:
        table.commit()
    except FileExistsError:
        return False
    return True


_copies: dict[Path, LakeCopy] = {}


def open_copy(folder: Path, store: ObjectStore) -> LakeCopy:
    """The copy of the store's lake in the folder; in one process the same object at each call."""
    copy = _copies.get(folder)
    if copy is None or copy.store != store:
        copy = _copies[folder] = LakeCopy(folder, store)
    return copy


def url_of_copy(lake: Path) -> str:
    """The URL of the store that the folder of a lake is a copy of; empty for one of its own."""
    try:
        return str(json.loads((lake / COPY_MARKER).read_text(encoding="utf-8"))["url"])
    except (OSError, ValueError, KeyError):
        return ""


def bring_files(paths: Sequence[str]) -> None:
    """Download those of the data files that belong to a copy, and that this machine does not have."""
    if _copies and paths:
        copy = _copies.get(Path(paths[0]).parent.parent)
        if copy is not None:
            copy.bring(paths)


def _prepared(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
