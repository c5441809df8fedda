"""Remove metadata from WebP files (RFC 9649), and what is cut off after the first complete picture."""

from __future__ import annotations

from collections.abc import Iterator

from classifiers.repair.orientation import UPRIGHT, exif_block, read_orientation

_PICTURE = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"})
_HAS_PIXELS = frozenset({b"VP8 ", b"VP8L", b"ANMF"})
_PROFILE, _EXIF, _XMP = 0x20, 0x08, 0x04


def rewrite(data: bytes) -> bytes | None:
    """The file with its complete pixel chunks and its orientation; None if it has no complete pixel chunk."""
    if data[8:12] != b"WEBP":
        return None
    chunks: list[tuple[bytes, bytes]] = []
    orientation = UPRIGHT
    for kind, content in _chunks(data):
        if kind == b"EXIF":
            orientation = read_orientation(content)
        elif kind == b"VP8X" and not chunks and len(content) >= 10:
            chunks.append((kind, content[:10]))
        elif kind in _PICTURE:
            chunks.append((kind, content))
    if not any(kind in _HAS_PIXELS for kind, _ in chunks):
        return None
    if chunks[0][0] == b"VP8X":
        flags = chunks[0][1][0] & ~(_PROFILE | _EXIF | _XMP)
        if orientation != UPRIGHT:
            flags |= _EXIF
            chunks.append((b"EXIF", exif_block(orientation)))
        chunks[0] = (b"VP8X", bytes([flags]) + chunks[0][1][1:])
    body = b"WEBP" + b"".join(_chunk(kind, content) for kind, content in chunks)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each complete chunk's type and content, whatever file size the header declares."""
    offset = 12
    while offset + 8 <= len(data):
        kind, size = data[offset : offset + 4], int.from_bytes(data[offset + 4 : offset + 8], "little")
        content = data[offset + 8 : offset + 8 + size]
        if len(content) < size:
            return
        yield kind, content
        offset += 8 + size + (size & 1)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) & 1)
