"""Files of pictures on a disk, below the home folder."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from warehouse.disk_space import detect_full_disk
from warehouse.pictures.files import INCOMING, PICTURES, FoundPicture


@dataclass(frozen=True, slots=True)
class LocalPictures:
    """The pictures of a home folder on this machine's disk."""

    home: Path

    @property
    def incoming(self) -> Path:
        """The folder of incomplete files, on the same disk as the pictures."""
        return self.home / PICTURES / INCOMING

    @property
    def is_remote(self) -> bool:
        """A disk is not."""
        return False

    def source(self, path: str) -> Path:
        """The file."""
        return self.home / path

    def source_ahead(self, path: str) -> Path:
        """The file; the system reads ahead by itself."""
        return self.home / path

    def source_of(self, file: Path) -> Path:
        """The file itself."""
        return file

    def has_hash(self, path: str, sha256: str) -> bool:
        """Whether the file exists and its bytes have this SHA-256."""
        try:
            with (self.home / path).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except OSError:
            return False

    def put(self, path: str, data: bytes, incoming: str | None = None, *, durable: bool = False) -> None:
        """Write a file beside the pictures, and move it to its place. Raises `DiskFull`."""
        if incoming is None:
            self.incoming.mkdir(parents=True, exist_ok=True)
            incoming = str(self.incoming / Path(path).name)
        try:
            with detect_full_disk(self.home), Path(incoming).open("wb") as out:
                out.write(data)
                if durable:
                    out.flush()
                    os.fsync(out.fileno())
            self.move_in(incoming, path)
        except BaseException:
            Path(incoming).unlink(missing_ok=True)
            raise

    def move_in(self, incoming: str, path: str) -> None:
        """Rename the file."""
        # Not `Path`: to join paths takes as long as to check the header.
        target = f"{self.home}{os.sep}{path}"
        try:
            os.replace(incoming, target)
        except FileNotFoundError:
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            os.replace(incoming, target)

    def delete(self, paths: Iterable[str]) -> None:
        """Delete files; those that are missing are no error."""
        for path in paths:
            (self.home / path).unlink(missing_ok=True)

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""
        return (self.home / path).exists()

    def describe(self, path: str) -> FoundPicture | None:
        """A file's size and age; None if it is missing."""
        try:
            found = (self.home / path).stat()
        except FileNotFoundError:
            return None
        return FoundPicture(path, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def paths(self, prefix: str) -> Iterator[str]:
        """The paths of the files whose name begins with these two hex digits, in any order."""
        with suppress(FileNotFoundError), os.scandir(self.home / PICTURES / prefix) as entries:
            yield from (f"{PICTURES}/{prefix}/{entry.name}" for entry in entries)

    def clear_incoming(self) -> None:
        """Remove incomplete files of killed runs, and their folder."""
        shutil.rmtree(self.incoming, ignore_errors=True)

    def open_incoming(self) -> None:
        """Remove incomplete files of killed runs, and create their folder."""
        self.clear_incoming()
        self.incoming.mkdir(parents=True, exist_ok=True)
