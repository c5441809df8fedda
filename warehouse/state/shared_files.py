"""Files of the home folder that all machines share: a copy in the work folder, and the objects `state/…`.

    bring: download what changed in the store since the last time, remove what is gone there, then as put_back
    put_back: upload what changed on this machine since the last time, delete what is gone here

`.state.json` in the work folder has what was equal in both places. If a file changed in both, the store's wins, because
this machine's is of a command that was killed before it could put it back. Files are moved in the order of their names,
so that a description, which names its other file, comes after it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from warehouse.file_writing import replace_file
from warehouse.state.shared_authors import STATE, share_authors

if TYPE_CHECKING:
    from filelock import FileLock

    from warehouse.object_store.client import ObjectStore, StoredObject

logger = logging.getLogger(__name__)

MODELS = ("trained", "themes", "topics", "words", "forecast", "litert")
"""Folders of models; analysts get them too."""
LIMITS = "limits.json"
_RECORD = ".state.json"
_LOCK = ".state.lock"
LOCK_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Copy:
    """A file as it was when it was equal in both places: the object's etag, and the local file's size and time."""

    etag: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class SharedFiles:
    """The shared files of a home: `store` has them, `folder` is this machine's work folder.

    Both methods raise `BadStore` and `StoreUnavailable`.
    """

    store: ObjectStore
    folder: Path

    def bring(self, *, only_models: bool = False) -> int:
        """Make this machine's copies those of the store; returns how many files changed here.

        With `only_models` nothing is read of authors and limits, and nothing is written to the store.
        """
        with self._locked():
            objects = {one.name.removeprefix(f"{STATE}/"): one for one in self.store.list(STATE)}
            record = self._read_record()
            changed = self._download(record, objects, only_models=only_models)
            if not only_models:
                share_authors(self.store, self.folder / "authors", objects)
                self._upload(record)
            self._write_record(record)
        return changed

    def put_back(self) -> int:
        """Upload what changed on this machine; returns how many objects were written or deleted."""
        with self._locked():
            record = self._read_record()
            if changed := self._upload(record):
                self._write_record(record)
        return changed

    def _download(
        self, record: dict[str, _Copy], objects: Mapping[str, StoredObject], *, only_models: bool
    ) -> int:
        changed = 0
        shared = {name: one for name, one in sorted(objects.items()) if _is_shared(name)}
        for name, one in shared.items():
            if only_models and name == LIMITS:
                continue
            file, known = self.folder / name, record.get(name)
            if known is not None and known.etag == one.etag and file.exists():
                continue
            try:
                self.store.download(f"{STATE}/{name}", file)
            except FileNotFoundError:
                continue  # another machine has just removed it
            record[name] = _copy_of(file, one.etag)
            changed += 1
        for name in sorted(record.keys() - shared.keys()):
            file = self.folder / name
            if file.exists() and _copy_of(file, record[name].etag) == record[name]:
                file.unlink()
                changed += 1
            del record[name]
        return changed

    def _upload(self, record: dict[str, _Copy]) -> int:
        changed = 0
        local = {file.relative_to(self.folder).as_posix(): file for file in self._local_files()}
        for name, file in sorted(local.items()):
            known = record.get(name)
            if known is not None and _copy_of(file, known.etag) == known:
                continue
            copy = _copy_of(file, "")
            etag = self.store.put(f"{STATE}/{name}", file)
            record[name] = _Copy(etag, copy.size, copy.mtime_ns)
            changed += 1
        if gone := sorted(record.keys() - local.keys()):
            self.store.delete([f"{STATE}/{name}" for name in gone])
            for name in gone:
                del record[name]
        return changed + len(gone)

    def _local_files(self) -> Iterator[Path]:
        for top in MODELS:
            for file in (self.folder / top).rglob("*"):
                if file.is_file() and _is_shared(file.relative_to(self.folder).as_posix()):
                    yield file
        if (self.folder / LIMITS).is_file():
            yield self.folder / LIMITS

    def _read_record(self) -> dict[str, _Copy]:
        try:
            stored = json.loads((self.folder / _RECORD).read_text("utf-8"))
            return {name: _Copy(**copy) for name, copy in stored.items() if _is_shared(name)}
        except FileNotFoundError:
            return {}
        except (ValueError, TypeError, AttributeError) as error:
            logger.warning("%s can't be read, so shared files are copied again: %s", _RECORD, error)
            return {}

    def _write_record(self, record: Mapping[str, _Copy]) -> None:
        content = json.dumps({name: asdict(copy) for name, copy in record.items()})
        replace_file(self.folder / _RECORD, content)

    def _locked(self) -> FileLock:
        from filelock import FileLock

        self.folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self.folder / _LOCK, timeout=LOCK_SECONDS)


def _is_shared(name: str) -> bool:
    """Whether a file of this name is shared. A name of the store must not lead out of the work folder."""
    parts = PurePosixPath(name).parts
    if any(part.startswith(".") for part in parts):  # also of a file that is still written
        return False
    return name == LIMITS or (len(parts) > 1 and parts[0] in MODELS)


def _copy_of(file: Path, etag: str) -> _Copy:
    found = file.stat()
    return _Copy(etag, found.st_size, found.st_mtime_ns)
