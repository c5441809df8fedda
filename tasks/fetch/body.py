"""The body of a response: limited in size, decompressed if necessary, in memory while it is small.

Most pictures have a few hundred kilobytes: these are checked in memory and written at once. A larger one goes
to a file block by block, and is hashed on the way.
"""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

from tasks.fetch.attempt import Reason, StoredFile
from tasks.fetch.store import PictureStore, RejectedPicture
from warehouse.disk_space import detect_full_disk, require_free_space

BLOCK_BYTES = 512 * 1024
"""The most bytes of a body in memory."""


class Body:
    """The bytes of one response. `add` each chunk; when it returns True, `spill`; at the end `store`."""

    def __init__(self, store: PictureStore, max_bytes: int, encoding: str) -> None:
        self._store = store
        self._file: str | None = None
        self._max_bytes = max_bytes
        self._decompressor = _decompressor(encoding)
        self._parts: list[bytes] = []
        self._bytes_in_memory = 0
        self._size = 0
        self._received = 0
        self._digest = hashlib.sha256()

    def add(self, chunk: bytes) -> bool:
        """Add a chunk; returns whether `spill` is due. Raises `RejectedPicture` above the limit."""
        self._received += len(chunk)
        if self._decompressor is not None:
            chunk = self._decompress(self._decompressor, chunk)
        self._bytes_in_memory += len(chunk)
        self._size += len(chunk)
        # Received bytes count too: they may decompress to nothing, or follow the end, without limit.
        if max(self._size, self._received) > self._max_bytes:
            raise RejectedPicture(Reason.TOO_LARGE)
        self._parts.append(chunk)
        return self._bytes_in_memory >= BLOCK_BYTES

    def spill(self) -> str:
        """Write the bytes in memory to a file; returns its path. Blocks; raises `DiskFull`."""
        file = self._file = self._file or self._store.new_file()
        folder, block = self._store.incoming, b"".join(self._parts)
        self._parts.clear()
        self._bytes_in_memory = 0
        self._digest.update(block)
        require_free_space(folder, len(block))
        with detect_full_disk(folder), Path(file).open("ab") as out:
            out.write(block)
        return file

    @property
    def is_small(self) -> bool:
        """Whether the complete body is in memory."""
        return self._file is None

    def store(self, *, may_decode: bool = True) -> StoredFile:
        """Check the complete body and store it. Raises `RejectedPicture` and `DiskFull`.

        Blocks, unless the body is small and must not be decoded; then `NeedsDecode` means that it has to be.
        """
        if self._decompressor is not None and not self._decompressor.eof:
            raise RejectedPicture(
                Reason.CORRUPT, "The server's compressed response is cut off. A later run retries it."
            )
        if self._file is None:
            self._parts = [b"".join(self._parts)]
            return self._store.add_bytes(self._parts[0], may_decode=may_decode)
        return self._store.add_file(self.spill(), self._digest.hexdigest(), self._size)

    def discard(self) -> None:
        """Remove the body's file, unless the store has moved it."""
        if self._file is not None:
            Path(self._file).unlink(missing_ok=True)

    def _decompress(self, decompressor: zlib._Decompress, chunk: bytes) -> bytes:
        if decompressor.eof:
            return b""  # the decompressor would hold all further bytes
        room = self._max_bytes - self._size + 1  # one above the limit, so that it shows
        try:
            return decompressor.decompress(chunk, room)
        except zlib.error:
            raise RejectedPicture(Reason.CORRUPT, "The server's compressed response is damaged.") from None


def _decompressor(encoding: str) -> zlib._Decompress | None:
    """For a body that is compressed although the request accepts no compression, as some stores send it.

    Raises `RejectedPicture` for an unknown encoding.
    """
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip" | "deflate":
            return zlib.decompressobj(wbits=47)  # gzip or zlib, by its header
        case _:
            raise RejectedPicture(
                Reason.NOT_A_PICTURE,
                "The server compressed the response in an unsupported encoding, though none was requested.",
            )
