"""Remove from PNG files (ISO/IEC 15948) the chunks that are not pixels: text, profiles, times, further frames.

Pillow refuses the picture for a wrong checksum or an unusual size of any of them. As in libpng, such a chunk with
a wrong checksum is skipped, and one that decides pixels is an error.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from classifiers.repair.orientation import UPRIGHT, exif_block, read_orientation

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ONCE = frozenset({b"IHDR", b"PLTE", b"tRNS"})


def rewrite(data: bytes) -> bytes | None:
    """The file with its pixel chunks and its orientation; None if a pixel chunk is broken."""
    chunks: list[bytes] = []
    seen: set[bytes] = set()
    orientation = UPRIGHT
    for kind, content, is_sound in _chunks(data):
        if kind == b"IEND":
            break
        if kind == b"eXIf" and is_sound:
            orientation = read_orientation(content)
        elif kind == b"IDAT":
            chunks.append(_chunk(kind, content))
            seen.add(kind)
        elif kind in _ONCE and kind not in seen and b"IDAT" not in seen:
            if is_sound:
                chunks.append(_chunk(kind, content))
                seen.add(kind)
            elif kind != b"tRNS":
                return None
    if not {b"IHDR", b"IDAT"} <= seen:
        return None
    if orientation != UPRIGHT:
        chunks.insert(1, _chunk(b"eXIf", exif_block(orientation)))
    return SIGNATURE + b"".join(chunks) + _chunk(b"IEND", b"")


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Each chunk's type and content, and whether its checksum is right; the last one may be cut off."""
    offset = len(SIGNATURE)
    while offset + 8 <= len(data):
        size, kind = int.from_bytes(data[offset : offset + 4], "big"), data[offset + 4 : offset + 8]
        if not kind.isalpha():
            return
        content = data[offset + 8 : offset + 8 + size]
        offset += 8 + size
        checksum = data[offset : offset + 4]
        offset += 4
        is_sound = kind == b"IDAT" or checksum == zlib.crc32(content, zlib.crc32(kind)).to_bytes(4, "big")
        yield kind, content, is_sound


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(content, zlib.crc32(kind))
    return len(content).to_bytes(4, "big") + kind + content + checksum.to_bytes(4, "big")
