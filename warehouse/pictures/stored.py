"""Pictures in an object store. No picture has a copy on this machine's disk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.pictures.files import INCOMING, PICTURES, FoundPicture, PictureSource
from warehouse.pictures.local import LocalPictures

if TYPE_CHECKING:
    from warehouse.object_store.client import ObjectStore

READERS = 32
"""Pictures that are read at once: each read is mostly waiting for the store."""
DELETE_AT_ONCE = 1_000


class StoredPicture:
    """One picture in the store; with `ahead`, its bytes are under way already."""

    def __init__(self, store: ObjectStore, path: str, ahead: Future[bytes] | None = None) -> None:
        self._store = store
        self._path = path
        self._ahead = ahead

    def read_bytes(self) -> bytes:
        """The content. Raises `FileNotFoundError`, and `StoreUnavailable` if the store does not respond."""
        return self._store.get(self._path) if self._ahead is None else self._ahead.result()

    def __str__(self) -> str:
        return f"{self._store.url}/{self._path}"


@dataclass(frozen=True, slots=True)
class StoredPictures:
    """The pictures of a home folder in an object store. `folder` is this machine's work folder.

    Every method but `source` raises `BadStore` and `StoreUnavailable`.
    """

    store: ObjectStore
    folder: Path

    @property
    def incoming(self) -> Path:
        """The folder on this machine for large pictures until they are uploaded."""
        return self.folder / PICTURES / INCOMING

    @property
    def is_remote(self) -> bool:
        """An object store is."""
        return True

    def source(self, path: str) -> StoredPicture:
        """The picture, which is read when its bytes are requested."""
        return StoredPicture(self.store, path)

    def source_ahead(self, path: str) -> StoredPicture:
        """The picture; a thread reads it as soon as one is free."""
        return StoredPicture(self.store, path, _readers(os.getpid()).submit(self.store.get, path))

    def source_of(self, file: Path) -> PictureSource:
        """The file if it exists; else the stored picture with this path below the work folder."""
        path = Path(os.path.normpath(file.absolute()))
        if file.exists() or not path.is_relative_to(self.folder / PICTURES):
            return file
        return self.source(path.relative_to(self.folder).as_posix())

    def has_hash(self, path: str, sha256: str) -> bool:
        """Whether the picture exists and its bytes have this SHA-256."""
        try:
            return hashlib.sha256(self.store.get(path)).hexdigest() == sha256
        except FileNotFoundError:
            return False

    def put(self, path: str, data: bytes, incoming: str | None = None, *, durable: bool = False) -> None:
        """Upload from memory. The store has all of it, durably, or nothing; `incoming` is not used."""
        self.store.put(path, data)

    def move_in(self, incoming: str, path: str) -> None:
        """Upload a file of this machine, in parts if it is large, and remove it."""
        self.store.put(path, Path(incoming))
        Path(incoming).unlink()

    def delete(self, paths: Iterable[str]) -> None:
        """Delete pictures; those that are missing are no error."""
        remaining = iter(paths)
        while some := list(islice(remaining, DELETE_AT_ONCE)):
            self.store.delete(some)

    def exists(self, path: str) -> bool:
        """Whether there is such a picture."""
        return self.store.exists(path)

    def describe(self, path: str) -> FoundPicture | None:
        """A picture's size and age; None if it is missing."""
        # The first name after this one is the picture's own, because no other file's name is a part of it.
        for one in self.store.list(path.rpartition("/")[0], after=path[:-1]):
            return FoundPicture(path, one.bytes, one.modified) if one.name == path else None
        return None

    def paths(self, prefix: str) -> Iterator[str]:
        """The paths of the pictures whose name begins with these two hex digits, sorted.

        It takes a request for each 1,000.
        """
        for one in self.store.list(f"{PICTURES}/{prefix}"):
            yield one.name

    def clear_incoming(self) -> None:
        """Remove this machine's incomplete files, and their folder."""
        LocalPictures(self.folder).clear_incoming()

    def open_incoming(self) -> None:
        """Remove this machine's incomplete files, and create their folder."""
        LocalPictures(self.folder).open_incoming()


@lru_cache(maxsize=1)
def _readers(process: int) -> ThreadPoolExecutor:
    """The threads of this process; those of the process that it was forked from do not run here."""
    return ThreadPoolExecutor(READERS, f"read-pictures-{process}")
