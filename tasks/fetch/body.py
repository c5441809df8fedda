"""A picture's body on its way in: capped, unpacked where it must be, in memory while it is small.

Most pictures are a few hundred kilobytes: these are checked in memory and written in one go. A larger
one goes to a file of its own, block by block, and is hashed on the way.
"""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path
from typing import Protocol

from tasks.fetch.reasons import Reason
from tasks.fetch.store import PictureStore, Unfit
from warehouse.space import full_disk_noticed, need_room
from warehouse.tables import Picture

BLOCK_BYTES = 512 * 1024
"""What of a body is held in memory at most."""


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes: ...


class Body:
    """The bytes of one answer. `add` for what comes; where it says so `spill` before the next; then `store_in`."""

    def __init__(self, file: Path, most_bytes: int, encoding: str) -> None:
        self._file = file
        self._most_bytes = most_bytes
        self._unpacker = _unpacker(encoding)
        self._parts: list[bytes] = []
        self._held = 0
        self._size = 0
        self._came = 0
        self._spilled = False
        self._digest = hashlib.sha256()

    def add(self, chunk: bytes) -> bool:
        """Take a piece; returns whether so much is held that it must be spilled. Raises `Unfit` above the cap."""
        self._came += len(chunk)
        if self._unpacker is not None:
            chunk = self._unpacked(self._unpacker, chunk)
        self._held += len(chunk)
        self._size += len(chunk)
        # What comes counts as well: it may unpack to nothing, or follow the end, without end itself.
        if max(self._size, self._came) > self._most_bytes:
            raise Unfit(Reason.TOO_LARGE)
        self._parts.append(chunk)
        return self._held >= BLOCK_BYTES

    def spill(self) -> None:
        """Write what is held to the file. Blocks; raises `DiskFull`."""
        self._spilled = True
        block = self._taken()
        self._digest.update(block)
        need_room(self._file.parent, len(block))
        with full_disk_noticed(self._file.parent), self._file.open("ab") as out:
            out.write(block)

    def store_in(self, store: PictureStore) -> Picture:
        """Check the whole body and store it. Blocks; raises `Unfit` and `DiskFull`."""
        if self._unpacker is not None and not self._unpacker.eof:
            raise Unfit(Reason.CORRUPT)
        if not self._spilled:
            return store.add_bytes(self._taken())
        self.spill()
        return store.add_file(self._file, self._digest.hexdigest(), self._size)

    def discard(self) -> None:
        """Remove what was spilled, unless it was stored."""
        if self._spilled:
            self._file.unlink(missing_ok=True)

    def _taken(self) -> bytes:
        block = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
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
            raise Unfit(Reason.CORRUPT) from None


def _unpacker(encoding: str) -> _Unpacker | None:
    """For a body that came compressed though no compression was asked for, as some stores have their files.

    Raises `Unfit` for an encoding that is not read.
    """
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip" | "deflate":
            return zlib.decompressobj(wbits=47)  # gzip or zlib, by its header
        case _:
            raise Unfit(Reason.NOT_A_PICTURE)
