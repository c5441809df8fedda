"""WebP files (RFC 9649) without metadata, and without what is cut off behind the first complete picture."""

from __future__ import annotations

from collections.abc import Iterator

from classifiers.repair.orientation import UPRIGHT, exif_block, read_orientation

_PICTURE = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"})
_HAS_PIXELS = frozenset({b"VP8 ", b"VP8L", b"ANMF"})
_PROFILE, _EXIF, _XMP = 0x20, 0x08, 0x04


def rewritten(data: bytes) -> bytes | None:
    """The file with its complete chunks that decide pixels, and its orientation; None where it has none."""
    if data[8:12] != b"WEBP":
        return None
    kept: list[tuple[bytes, bytes]] = []
    orientation = UPRIGHT
    for kind, content in _chunks(data):
        if kind == b"EXIF":
            orientation = read_orientation(content)
        elif kind == b"VP8X" and not kept and len(content) >= 10:
            kept.append((kind, content[:10]))
        elif kind in _PICTURE:
            kept.append((kind, content))
    if not any(kind in _HAS_PIXELS for kind, _ in kept):
        return None
    if kept[0][0] == b"VP8X":
        flags = kept[0][1][0] & ~(_PROFILE | _EXIF | _XMP)
        if orientation != UPRIGHT:
            flags |= _EXIF
            kept.append((b"EXIF", exif_block(orientation)))
        kept[0] = (b"VP8X", bytes([flags]) + kept[0][1][1:])
    body = b"WEBP" + b"".join(_chunk(kind, content) for kind, content in kept)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each complete chunk's type and content, whatever size the file says that it has."""
    place = 12
    while place + 8 <= len(data):
        kind, size = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "little")
        content = data[place + 8 : place + 8 + size]
        if len(content) < size:
            return
        yield kind, content
        place += 8 + size + (size & 1)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) & 1)
