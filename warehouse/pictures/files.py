"""What stages do with the files of stored pictures, wherever these are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

PICTURES = "pictures"
"""The folder of the stored pictures, below the home folder."""
INCOMING = ".incoming"
"""The folder of files that a run is still writing, below the folder of pictures."""


class PictureSource(Protocol):
    """A picture's file to be read. A `Path` is one. Its text names the file in messages."""

    def read_bytes(self) -> bytes:
        """The content. Raises `OSError` if the file is missing or can't be read."""
        ...


@dataclass(frozen=True, slots=True)
class FoundPicture:
    """A file: its path below the home folder, its size in bytes, and when it was last written (UTC)."""

    path: str
    bytes: int
    modified: datetime


class PictureFiles(Protocol):
    """The files of the stored pictures, each by its path below the home folder, such as `pictures/ab/abc….jpg`.

    It can be sent to another process.
    """

    @property
    def incoming(self) -> Path:
        """The folder on this machine for incomplete files."""
        ...

    @property
    def is_remote(self) -> bool:
        """Whether each access takes a request over a network."""
        ...

    def source(self, path: str) -> PictureSource:
        """The file, which is read when its bytes are requested."""
        ...

    def source_ahead(self, path: str) -> PictureSource:
        """As `source`, but the bytes may be read from now on. Call it for files that are soon needed."""
        ...

    def source_of(self, file: Path) -> PictureSource:
        """Any file on this machine, or a stored picture, given by its path below the home folder on this machine."""
        ...

    def has_hash(self, path: str, sha256: str) -> bool:
        """Whether the file exists and its bytes have this SHA-256."""
        ...

    def put(self, path: str, data: bytes, incoming: str | None = None, *, durable: bool = False) -> None:
        """Write a file, complete or not at all; `durable` means that it is on the disk afterwards.

        `incoming` is a file in the folder of that name, for processes that may write the same picture at once.
        """
        ...

    def move_in(self, incoming: str, path: str) -> None:
        """Move a complete file of this machine to its place; nothing stays at `incoming`."""
        ...

    def delete(self, paths: Iterable[str]) -> None:
        """Delete files; those that are missing are no error."""
        ...

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""
        ...

    def describe(self, path: str) -> FoundPicture | None:
        """A file's size and age; None if it is missing."""
        ...

    def paths(self, prefix: str) -> Iterator[str]:
        """The paths of the files whose name begins with these two hex digits, in any order."""
        ...

    def clear_incoming(self) -> None:
        """Remove incomplete files of killed runs, and their folder. The caller holds the home folder's lock."""
        ...

    def open_incoming(self) -> None:
        """Remove incomplete files of killed runs, and create their folder. The caller holds the home folder's lock."""
        ...
