"""A picture's body on its way in: capped, unpacked where it must be, in memory while it is small.

Most pictures are a few hundred kilobytes: these are checked in memory and written in one go. A larger
one goes to a file of its own, block by block, and is hashed on the way.
"""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path
from typing import Protocol

from tasks.fetch.attempt import StoredFile
from tasks.fetch.reasons import Reason
from tasks.fetch.store import PictureStore, RejectedPicture
from warehouse.disk_space import full_disk_noticed, need_room

BLOCK_BYTES = 512 * 1024
"""What of a body is held in memory at most."""


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes: ...


class Body:
    """The bytes of one answer. `add` for what comes; where it says so `spill` before the next; then `store`."""

    def __init__(self, store: PictureStore, most_bytes: int, encoding: str) -> None:
        self._store = store
        self._file: str | None = None
        self._most_bytes = most_bytes
        self._unpacker = _unpacker(encoding)
        self._parts: list[bytes] = []
        self._held = 0
        self._size = 0
        self._came = 0
        self._digest = hashlib.sha256()

    def add(self, chunk: bytes) -> bool:
        """Take a piece; returns whether so much is held that it must be spilled. Raises `RejectedPicture` above the cap."""
        self._came += len(chunk)
        if self._unpacker is not None:
            chunk = self._unpacked(self._unpacker, chunk)
        self._held += len(chunk)
        self._size += len(chunk)
        # What comes counts as well: it may unpack to nothing, or follow the end, without end itself.
        if max(self._size, self._came) > self._most_bytes:
            raise RejectedPicture(Reason.TOO_LARGE)
        self._parts.append(chunk)
        return self._held >= BLOCK_BYTES

    def spill(self) -> str:
        """Write what is held to a file; returns its path. Blocks; raises `DiskFull`."""
        file = self._file = self._file or self._store.new_file()
        folder, block = self._store.incoming, self._taken()
        self._digest.update(block)
        need_room(folder, len(block))
        with full_disk_noticed(folder), Path(file).open("ab") as out:
            out.write(block)
        return file

    @property
    def is_small(self) -> bool:
        """Whether all of it is in memory."""
        return self._file is None

    def store(self, *, may_decode: bool = True) -> StoredFile:
        """Check the whole body and store it. Raises `RejectedPicture` and `DiskFull`.

        Blocks, but for a small body that may not be decoded: then it raises `NeedsDecode` where it would have to be.
        """
        if self._unpacker is not None and not self._unpacker.eof:
            raise RejectedPicture(
                Reason.CORRUPT, "The server's compressed answer is cut off. It is requested again."
            )
        if self._file is None:
            self._parts = [b"".join(self._parts)]
            return self._store.add_bytes(self._parts[0], may_decode=may_decode)
        return self._store.add_file(self.spill(), self._digest.hexdigest(), self._size)

    def discard(self) -> None:
        """Remove what was spilled, unless it was stored."""
        if self._file is not None:
            Path(self._file).unlink(missing_ok=True)

    def _taken(self) -> bytes:
        block = b"".join(self._parts)
        self._parts.clear()
        self._held = 0
        return block

    def _unpacked(self, unpacker: _Unpacker, chunk: bytes) -> bytes:
        if unpacker.eof:
            return b""  # the unpacker would keep all that follows
        room = self._most_bytes - self._size + 1  # one more than may be, so that it shows
        try:
            return unpacker.decompress(chunk, room)
        except zlib.error:
            raise RejectedPicture(Reason.CORRUPT, "The server's compressed answer is damaged.") from None


def _unpacker(encoding: str) -> _Unpacker | None:
    """For a body that came compressed though no compression was asked for, as some stores have their files.

    Raises `RejectedPicture` for an encoding that is not read.
    """
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip" | "deflate":
            return zlib.decompressobj(wbits=47)  # gzip or zlib, by its header
        case _:
            raise RejectedPicture(
                Reason.NOT_A_PICTURE,
                "The server sent it in a compression that is not read, though none was requested.",
            )
