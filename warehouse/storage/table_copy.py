"""A table's local copy of the log in the object store: bringing it up to date, and committing to the store.

A version exists when its log file is in the store; a conditional request puts it there, so that of two writers one
succeeds. The copy may have a version more, which a writer is about to put there, or which a killed writer left.
The small file `.TABLE.copy.json` has the newest version that both have. The caller holds the table's lock.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from warehouse.file_writing import replace_file
from warehouse.object_store.client import ObjectStore, StoredObject
from warehouse.storage.log_files import (
    LAST_CHECKPOINT,
    LOG,
    added_files,
    checkpoint_version,
    commit_name,
    is_commit,
    list_log,
    version_of,
)

TRANSFERS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class _State:
    """What the copy and the store have in common: a version, and the name of the last checkpoint."""

    version: int = -1
    etag: str = ""
    checkpoint_etag: str = ""
    checkpoint_stamp: int = 0
    """Time of change of the copy's file in ns."""


@dataclass(frozen=True, slots=True)
class TableCopy:
    """The copy of the table `name` in the folder of the lake. `prefix` is the table's folder in the store."""

    store: ObjectStore
    lake: Path
    name: str

    @property
    def folder(self) -> Path:
        """The table's local folder."""
        return self.lake / self.name

    @property
    def prefix(self) -> str:
        """The table's folder in the store."""
        return f"lake/{self.name}"

    @property
    def _log(self) -> Path:
        return self.folder / LOG

    @property
    def _state_file(self) -> Path:
        return self.lake / f".{self.name}.copy.json"

    def is_begun(self) -> bool:
        """Whether the copy was ever brought up to date."""
        return self._state_file.exists()

    def refresh(self) -> bool:
        """Make the copy of the log that of the store; returns whether the store has a new checkpoint.

        Usually it is one request, which lists what is newer than the copy.
        """
        self.drop_uncommitted()
        state = self._read_state()
        if state is None or not self._add_newer(state):
            self.replace_log()
            return True
        return False

    def drop_uncommitted(self) -> None:
        """Remove versions from the copy that the store does not have."""
        state = self._read_state()
        if state is not None and self._stamp() != state.checkpoint_stamp:
            (self._log / LAST_CHECKPOINT).unlink(missing_ok=True)
            self._write_state(replace(state, checkpoint_etag="", checkpoint_stamp=0))
        common = -1 if state is None else state.version
        for name, version in sorted(list_log(self.folder).items(), reverse=True):
            if version > common:
                (self._log / name).unlink(missing_ok=True)

    def commit(self) -> None:
        """Put the copy's new versions into the store, each with its data files first, and new checkpoints.

        Raises `FileExistsError` when another writer put a version there meanwhile; its own data files are deleted.
        """
        state = self._read_state() or _State()
        versions = list_log(self.folder)
        new = sorted(
            name for name, version in versions.items() if version > state.version and is_commit(name)
        )
        contents = {name: (self._log / name).read_bytes() for name in new}
        data = {name: added_files(content) for name, content in contents.items()}
        self._upload([file for files in data.values() for file in files])
        for number, name in enumerate(new):
            try:
                etag = self.store.put(f"{self.prefix}/{LOG}/{name}", contents[name], if_absent=True)
            except FileExistsError:
                lost = [file for one in new[number:] for file in data[one]]
                self.store.delete([f"{self.prefix}/{file}" for file in lost])
                raise
            state = replace(state, version=versions[name], etag=etag)
            self._write_state(state)
        self._upload_checkpoints([name for name, version in versions.items() if not is_commit(name)], state)

    def upload_checkpoint(self) -> None:
        """Put a checkpoint that was written to the copy into the store, and the file that names it."""
        names = [name for name in list_log(self.folder) if not is_commit(name)]
        self._upload_checkpoints(names, self._read_state() or _State())

    def bring(self, names: Iterable[str]) -> None:
        """Download data files that the copy does not have. Raises `FileNotFoundError`."""
        missing = [name for name in names if not (self.folder / name).exists()]
        self._in_parallel(
            lambda name: self.store.download(f"{self.prefix}/{name}", self.folder / name), missing
        )

    def remove_log(self) -> None:
        """Remove the log from the store, the newest version first, so that what remains is a version."""
        names = [one.name for one in self.store.list(f"{self.prefix}/{LOG}")]
        for name in sorted(names, reverse=True):
            self.store.delete([name])
        self._state_file.unlink(missing_ok=True)

    def _add_newer(self, state: _State) -> bool:
        """Add newer versions to the copy; False where the copy is not an older state of the store's log."""
        after = f"{self.prefix}/{LOG}/{state.version - 1:020d}.~" if state.version > 0 else ""
        found = {Path(one.name).name: one for one in self.store.list(f"{self.prefix}/{LOG}", after)}
        if state.version < 0 and not found:
            return True
        last = found.get(commit_name(state.version))
        checkpoint = found.get(LAST_CHECKPOINT)
        has_new_checkpoint = (checkpoint.etag if checkpoint else "") != state.checkpoint_etag
        if last is None or last.etag != state.etag or has_new_checkpoint:
            return False
        self._download(
            [name for name in found if (version_of(name) or 0) > state.version and is_commit(name)]
        )
        self._record(found, state)
        return True

    def replace_log(self) -> None:
        """Make all of the copy's log that of the store, from the store's last checkpoint on."""
        found = {Path(one.name).name: one for one in self.store.list(f"{self.prefix}/{LOG}")}
        names = {name: version for name in found if (version := version_of(name)) is not None}
        if not names or not _is_complete(names):
            shutil.rmtree(self._log, ignore_errors=True)
            if names:  # what a writer added to a log that was being removed
                self.store.delete([f"{self.prefix}/{LOG}/{name}" for name in found])
            self._write_state(_State())
            return
        checkpoint = b""
        if LAST_CHECKPOINT in found:
            checkpoint = self.store.get(f"{self.prefix}/{LOG}/{LAST_CHECKPOINT}")
        start = checkpoint_version(checkpoint) if checkpoint else 0
        wanted = {name for name, version in names.items() if version >= start}
        if not self._is_older(found):
            shutil.rmtree(self._log, ignore_errors=True)
        self._log.mkdir(parents=True, exist_ok=True)
        self._download(wanted - set(list_log(self.folder)))
        if checkpoint:
            replace_file(self._log / LAST_CHECKPOINT, checkpoint)
        for name in set(list_log(self.folder)) - wanted:
            (self._log / name).unlink(missing_ok=True)
        self._record(found, _State())

    def _is_older(self, found: dict[str, StoredObject]) -> bool:
        """Whether the copy's newest version is one of the store's."""
        state = self._read_state()
        last = found.get(commit_name(state.version)) if state else None
        return last is not None and state is not None and last.etag == state.etag

    def _record(self, found: dict[str, StoredObject], before: _State) -> None:
        version = max([before.version, *(v for name in found if (v := version_of(name)) is not None)])
        checkpoint = found.get(LAST_CHECKPOINT)
        last = found.get(commit_name(version))
        state = _State(
            version, last.etag if last else "", checkpoint.etag if checkpoint else "", self._stamp()
        )
        if state != before:
            self._write_state(state)

    def _download(self, names: Iterable[str]) -> None:
        """Download files of the log; they appear in their order, so that a reader never finds a gap."""
        ordered = sorted(names)
        self._in_parallel(
            lambda name: self.store.download(f"{self.prefix}/{LOG}/{name}", self._log / f"{name}.tmp"),
            ordered,
        )
        for name in ordered:
            os.replace(self._log / f"{name}.tmp", self._log / name)

    def _upload(self, names: Iterable[str]) -> None:
        self._in_parallel(
            lambda name: self.store.put(f"{self.prefix}/{name}", self.folder / name), list(names)
        )

    def _upload_checkpoints(self, names: Iterable[str], state: _State) -> None:
        """Put the checkpoint that the copy's file names into the store, unless it is that of the state."""
        last = self._log / LAST_CHECKPOINT
        if not last.exists() or self._stamp() == state.checkpoint_stamp:
            return
        content = last.read_bytes()
        version = checkpoint_version(content)
        for name in names:
            if version_of(name) == version:
                self.store.put(f"{self.prefix}/{LOG}/{name}", self._log / name)
        etag = self.store.put(f"{self.prefix}/{LOG}/{LAST_CHECKPOINT}", content)
        self._write_state(replace(state, checkpoint_etag=etag, checkpoint_stamp=self._stamp()))

    @staticmethod
    def _in_parallel(work: Callable[[str], object], names: list[str]) -> None:
        if len(names) == 1:
            work(names[0])
        elif names:
            with ThreadPoolExecutor(TRANSFERS_AT_ONCE) as threads:
                list(threads.map(work, names))

    def _stamp(self) -> int:
        file = self._log / LAST_CHECKPOINT
        return file.stat().st_mtime_ns if file.exists() else 0

    def _read_state(self) -> _State | None:
        try:
            return _State(**json.loads(self._state_file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def _write_state(self, state: _State) -> None:
        replace_file(self._state_file, json.dumps(asdict(state)))


def _is_complete(names: dict[str, int]) -> bool:
    """Whether the files of a log make a version: from the first one on, or from a checkpoint."""
    return 0 in names.values() or not all(is_commit(name) for name in names)
