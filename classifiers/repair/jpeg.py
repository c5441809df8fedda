"""Remove metadata from JPEG files (ISO/IEC 10918-1), and add an end marker if only that is missing.

The last bytes do not show whether a file without an end marker is complete. libjpeg fills missing pixels with
grey and only warns, and Pillow does not see the warning. So the file is decoded with different bytes after it: a
complete picture does not depend on them.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from PIL import Image

from classifiers.formats import MAX_PIXELS
from classifiers.repair.orientation import EXIF_START, UPRIGHT, exif_block, read_orientation

START, END = b"\xff\xd8", b"\xff\xd9"
MAX_SCANS = 100
"""A progressive file has about ten. Each scan is a pass over all pixels."""

_MARKER = re.compile(rb"\xff+([\x01-\xfe])")
_SCAN_END = re.compile(rb"\xff+[\x01-\xcf\xd8-\xfe]")
_STANDALONE = frozenset({0x01, 0xD8, *range(0xD0, 0xD8)})
_HUFFMAN_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_STRIP_ROWS = 256
_RESTARTS = re.compile(rb"\xff([\xd0-\xd7])")
_PADDING_BYTES = 8192
"""libjpeg-turbo drops the last unit if fewer than 512 bytes follow for each of its up to ten blocks."""
_PADDINGS = tuple(
    codes * (_PADDING_BYTES // len(codes))
    for codes in (b"\x55", b"\0", b"\xaa", b"\xff\0", b"\x33", b"\x7e\x13")
)
"""Bytes that are put after a file to see whether its pixels depend on them."""


@dataclass(slots=True)
class _Parts:
    """The segments and scans that decide the pixels, in their order, each with its marker."""

    body: list[bytes] = field(default_factory=list)
    orientation: int = UPRIGHT
    scans: int = 0
    components: set[int] = field(default_factory=set)
    exact: dict[int, set[int]] = field(default_factory=dict)
    """For each component the coefficients (0 to 63) that the scans contain to the last bit."""
    huffman: bool = False
    pixels: int = 0
    has_end: bool = False

    @property
    def has_all_scans(self) -> bool:
        """Whether the scans contain every coefficient of every component."""
        return bool(self.components) and all(len(self.exact.get(one, ())) == 64 for one in self.components)


def rewrite(data: bytes) -> bytes | None:
    """The file with its orientation as its only metadata, and with an end marker; None if pixels are missing."""
    parts = _read(data)
    if not parts.scans or parts.scans > MAX_SCANS:
        return None
    head = START
    if parts.orientation != UPRIGHT:
        head += _segment(0xE1, EXIF_START + exif_block(parts.orientation))
    if parts.has_end:
        return head + b"".join(parts.body) + END
    parts.body[-1] = _strip_filling(parts.body[-1])
    file = head + b"".join(parts.body)
    return file + END if _is_complete(file, parts) else None


def _read(data: bytes) -> _Parts:
    parts, offset = _Parts(), len(START)
    # As in libjpeg, bytes between two segments are skipped.
    while (match := _MARKER.search(data, offset)) is not None and parts.scans <= MAX_SCANS:
        marker, offset = match[1][0], match.end()
        if marker == END[1]:
            parts.has_end = True
            break
        if marker in _STANDALONE:
            continue
        size = int.from_bytes(data[offset : offset + 2], "big")
        content = data[offset + 2 : offset + size]
        if size < 2 or len(content) < size - 2:
            break
        offset += size
        _add_segment(parts, marker, content)
        if marker == 0xDA:
            end = _SCAN_END.search(data, offset)
            stop = len(data) if end is None else end.start()
            parts.body[-1] += data[offset:stop]
            offset = stop
    return parts


def _add_segment(parts: _Parts, marker: int, content: bytes) -> None:
    if marker == 0xE1 and content.startswith(EXIF_START) and parts.orientation == UPRIGHT:
        parts.orientation = read_orientation(content)
    elif marker == 0xE0 and content.startswith(b"JFIF\0") and len(content) >= 14:
        parts.body.append(_segment(marker, content[:12] + b"\0\0"))  # colour coding, without the thumbnail
    elif marker == 0xEE and content.startswith(b"Adobe") and len(content) >= 12:
        parts.body.append(_segment(marker, content[:12]))  # colour coding
    elif not (0xE0 <= marker <= 0xEF or marker == 0xFE):
        parts.body.append(_segment(marker, content))
        if marker == 0xDA:
            _note_scan(parts, content)
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            parts.huffman = marker in _HUFFMAN_FRAMES
            parts.components = set(content[6::3])
            parts.pixels = int.from_bytes(content[1:3], "big") * int.from_bytes(content[3:5], "big")


def _note_scan(parts: _Parts, header: bytes) -> None:
    """Record the content of a scan (B.2.3): its components, first and last coefficient, and omitted bits."""
    parts.scans += 1
    if len(header) < 4 or len(header) != 4 + 2 * header[0]:
        return
    first, last, bits = header[-3:]
    if not bits & 15:
        for component in header[1 : 1 + 2 * header[0] : 2]:
            parts.exact.setdefault(component, set()).update(range(first, min(last, 63) + 1))


def _strip_filling(scan: bytes) -> bytes:
    """A scan without half a marker, and without the zeros of a file that was allocated before it was written."""
    data = scan.rstrip(b"\0")
    if len(scan) - len(data) < 2:
        data = scan
    return data if not data.endswith(b"\xff") else data.rstrip(b"\xff") + (b"\xff\0" if data != scan else b"")


def _is_complete(file: bytes, parts: _Parts) -> bool:
    if not (parts.huffman and parts.has_all_scans and parts.pixels <= MAX_PIXELS):
        return False
    expected = _hash_pixels(file + END)
    return expected is not None and all(
        _hash_pixels(file + padding + END) == expected for padding in _paddings_after(parts.body[-1])
    )


def _paddings_after(scan: bytes) -> Iterator[bytes]:
    yield from _PADDINGS
    restarts = _RESTARTS.findall(scan)
    # If the file is cut off between two restart intervals, only codes after the next marker are decoded.
    following = 0xD0 + (restarts[-1][0] - 0xD0 + 1) % 8 if restarts else 0xD0
    yield from (b"\xff" + bytes([following]) + codes for codes in _PADDINGS[:2])


def _hash_pixels(data: bytes) -> bytes | None:
    """A hash of the pixels, decoded at full size."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            image.load()
            digest = hashlib.sha256()
            for top in range(0, image.height, _STRIP_ROWS):
                strip = image.crop((0, top, image.width, min(image.height, top + _STRIP_ROWS)))
                digest.update(strip.tobytes())
            return digest.digest()
    except Exception:  # noqa: BLE001 - broken bytes make Pillow's decoder raise nearly anything
        return None


def _segment(marker: int, content: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + (len(content) + 2).to_bytes(2, "big") + content
