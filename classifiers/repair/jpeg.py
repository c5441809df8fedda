"""JPEG files (ISO/IEC 10918-1) without their metadata, and with an end marker where only that is missing.

Whether a file without an end marker is complete can't be seen from its last bytes. libjpeg fills what is missing
with grey and only warns, where Pillow does not see it. So the file is decoded with different bytes behind it: a
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
"""A progressive file has about ten. Each scan costs a pass over all pixels."""

_MARKER = re.compile(rb"\xff+([\x01-\xfe])")
_SCAN_END = re.compile(rb"\xff+[\x01-\xcf\xd8-\xfe]")
_STANDALONE = frozenset({0x01, 0xD8, *range(0xD0, 0xD8)})
_HUFFMAN_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_STRIP_ROWS = 256
_RESTARTS = re.compile(rb"\xff([\xd0-\xd7])")
_PADDING_BYTES = 8192
"""libjpeg-turbo gives up the last block where it has less than 512 bytes for each of the ten that a unit may have."""
_CODES = tuple(
    codes * (_PADDING_BYTES // len(codes))
    for codes in (b"\x55", b"\0", b"\xaa", b"\xff\0", b"\x33", b"\x7e\x13")
)
"""What is put behind a file to see whether its pixels depend on it."""


@dataclass(slots=True)
class _Parts:
    """What decides the pixels: segments and scans in their order, each with its marker."""

    body: list[bytes] = field(default_factory=list)
    orientation: int = UPRIGHT
    scans: int = 0
    components: set[int] = field(default_factory=set)
    exact: dict[int, set[int]] = field(default_factory=dict)
    """For each component its coefficients (0 to 63) that the scans give to the last bit."""
    huffman: bool = False
    pixels: int = 0
    ended: bool = False

    @property
    def all_scans_are_there(self) -> bool:
        """Whether every coefficient of every component has come."""
        return bool(self.components) and all(len(self.exact.get(one, ())) == 64 for one in self.components)


def rewritten(data: bytes) -> bytes | None:
    """The file without metadata but the orientation, and with its end; None where pixels are missing."""
    parts = _read(data)
    if not parts.scans or parts.scans > MAX_SCANS:
        return None
    head = START
    if parts.orientation != UPRIGHT:
        head += _segment(0xE1, EXIF_START + exif_block(parts.orientation))
    if parts.ended:
        return head + b"".join(parts.body) + END
    parts.body[-1] = _without_filling(parts.body[-1])
    whole = head + b"".join(parts.body)
    return whole + END if _is_complete(whole, parts) else None


def _read(data: bytes) -> _Parts:
    parts, place = _Parts(), len(START)
    # As libjpeg does, whatever stands between two segments is passed over.
    while (found := _MARKER.search(data, place)) is not None and parts.scans <= MAX_SCANS:
        marker, place = found[1][0], found.end()
        if marker == END[1]:
            parts.ended = True
            break
        if marker in _STANDALONE:
            continue
        size = int.from_bytes(data[place : place + 2], "big")
        content = data[place + 2 : place + size]
        if size < 2 or len(content) < size - 2:
            break
        place += size
        _take(parts, marker, content)
        if marker == 0xDA:
            end = _SCAN_END.search(data, place)
            stop = len(data) if end is None else end.start()
            parts.body[-1] += data[place:stop]
            place = stop
    return parts


def _take(parts: _Parts, marker: int, content: bytes) -> None:
    if marker == 0xE1 and content.startswith(EXIF_START) and parts.orientation == UPRIGHT:
        parts.orientation = read_orientation(content)
    elif marker == 0xE0 and content.startswith(b"JFIF\0") and len(content) >= 14:
        parts.body.append(
            _segment(marker, content[:12] + b"\0\0")
        )  # says how colours are coded; no thumbnail
    elif marker == 0xEE and content.startswith(b"Adobe") and len(content) >= 12:
        parts.body.append(_segment(marker, content[:12]))  # as well
    elif not (0xE0 <= marker <= 0xEF or marker == 0xFE):
        parts.body.append(_segment(marker, content))
        if marker == 0xDA:
            _note_scan(parts, content)
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            parts.huffman = marker in _HUFFMAN_FRAMES
            parts.components = set(content[6::3])
            parts.pixels = int.from_bytes(content[1:3], "big") * int.from_bytes(content[3:5], "big")


def _note_scan(parts: _Parts, header: bytes) -> None:
    """Note what a scan brings (B.2.3): its components, the first and last coefficient, and the bits left away."""
    parts.scans += 1
    if len(header) < 4 or len(header) != 4 + 2 * header[0]:
        return
    first, last, bits = header[-3:]
    if not bits & 15:
        for component in header[1 : 1 + 2 * header[0] : 2]:
            parts.exact.setdefault(component, set()).update(range(first, min(last, 63) + 1))


def _without_filling(scan: bytes) -> bytes:
    """A scan without the zeros of a file that was given its size before it was written, and without half a marker."""
    kept = scan.rstrip(b"\0")
    if len(scan) - len(kept) < 2:
        kept = scan
    return kept if not kept.endswith(b"\xff") else kept.rstrip(b"\xff") + (b"\xff\0" if kept != scan else b"")


def _is_complete(whole: bytes, parts: _Parts) -> bool:
    if not (parts.huffman and parts.all_scans_are_there and parts.pixels <= MAX_PIXELS):
        return False
    shown = _pixels(whole + END)
    return shown is not None and all(
        _pixels(whole + padding + END) == shown for padding in _paddings(parts.body[-1])
    )


def _paddings(scan: bytes) -> Iterator[bytes]:
    yield from _CODES
    restarts = _RESTARTS.findall(scan)
    # Where the file breaks off between two restart intervals, only codes behind the next marker are decoded.
    following = 0xD0 + (restarts[-1][0] - 0xD0 + 1) % 8 if restarts else 0xD0
    yield from (b"\xff" + bytes([following]) + codes for codes in _CODES[:2])


def _pixels(data: bytes) -> bytes | None:
    """A hash of the decoded pixels, in full size."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            image.load()
            digest = hashlib.sha256()
            for top in range(0, image.height, _STRIP_ROWS):
                strip = image.crop((0, top, image.width, min(image.height, top + _STRIP_ROWS)))
                digest.update(strip.tobytes())
            return digest.digest()
    except Exception:  # noqa: BLE001 - Pillow's decoder raises whatever broken bytes make it stumble over
        return None


def _segment(marker: int, content: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + (len(content) + 2).to_bytes(2, "big") + content
