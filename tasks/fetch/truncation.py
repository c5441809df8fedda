"""Whether a picture's file is complete: by a few bytes, and by decoding only if these leave a doubt.

The header of a truncated file looks fine, but the file can't be decoded later. Each format defines its end.
A file without that end is decoded once, because some programs omit the end of a good picture. Damage inside
a complete file is not searched for here: the classifiers find it.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Callable, Mapping
from typing import TypeVar

from PIL import Image

from classifiers.opening import PictureData

Data = bytes | mmap.mmap
Result = TypeVar("Result")

_AFTER_THE_END = b"\0 \t\r\n"
"""Bytes that servers and cameras append to a picture, and decoders ignore."""
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""JPEG markers without a length (ISO/IEC 10918-1, B.1.1.3)."""

_SUBFILE_TYPE, _SUB_FILES, _DNG_VERSION = 254, 330, 50706
"""TIFF tags."""

_ONE_AT_A_TIME = threading.Lock()
"""Decoding a picture at the limit of pixels takes some 250 MB."""


def has_end(image: Image.Image, data: Data) -> bool:
    """Whether the file of an opened image has the end that its format defines; takes microseconds."""
    ends = _ENDS.get(image.format or "")
    return ends is not None and ends(data)


def decode(picture: PictureData, describe: Callable[[Image.Image], Result]) -> Result:
    """Decode a picture completely, one at a time in a process; returns what `describe` returns for it.

    Raises what Pillow raises for bytes that it can't decode.
    """

    def load(image: Image.Image) -> Result:
        image.load()
        return describe(image)

    with _ONE_AT_A_TIME:
        return picture.read(load)


def is_camera_raw(image: Image.Image) -> bool:
    """Whether a TIFF file is a camera's raw file, whose first picture is at best a preview.

    DNG has a tag for it (DNG 1.7, DNGVersion). NEF, ARW, CR2 and similar ones begin with a reduced picture
    and hold the raw one elsewhere (TIFF/EP, ISO 12234-2).
    """
    if image.format != "TIFF":
        return False
    tags: Mapping[int, object] = getattr(image, "tag_v2", {})
    is_reduced = isinstance(kind := tags.get(_SUBFILE_TYPE, 0), int) and bool(kind & 1)
    return _DNG_VERSION in tags or (is_reduced and _SUB_FILES in tags)


def _jpeg_ends(data: Data) -> bool:
    # In the coded picture FF precedes only 00 or a restart marker, so an end marker in it is the end.
    # The end marker of a preview lies before it, in a segment.
    start = _find_jpeg_scan(data)
    return start is not None and data.rfind(b"\xff\xd9", start) >= 0


def _find_jpeg_scan(data: Data) -> int | None:
    """The offset of the first scan."""
    offset = 2
    while offset + 4 <= len(data) and data[offset] == 0xFF:
        marker = data[offset + 1]
        if marker == 0xDA:
            return offset
        if marker == 0xFF:  # a fill byte
            offset += 1
        elif marker in _STANDALONE:
            offset += 2
        else:
            offset += 2 + int.from_bytes(data[offset + 2 : offset + 4], "big")
    return None


def _png_ends(data: Data) -> bool:
    return data.rfind(b"IEND") > 0


def _gif_ends(data: Data) -> bool:
    # One truncated file in 256 ends with the trailer byte by chance, so the zero before it is checked too.
    return data[-4096:].rstrip(_AFTER_THE_END).endswith(b"\0;")


def _riff_ends(data: Data) -> bool:
    return len(data) >= 8 + int.from_bytes(data[4:8], "little")


def _bmp_ends(data: Data) -> bool:
    size = int.from_bytes(data[2:6], "little")
    return 0 < size <= len(data)


def _boxes_end(data: Data) -> bool:
    """Whether the boxes (ISO/IEC 14496-12, 4.2) fill the file exactly."""
    offset = 0
    while offset + 8 <= len(data):
        size = int.from_bytes(data[offset : offset + 4], "big")
        if size == 1:
            size = int.from_bytes(data[offset + 8 : offset + 16], "big")
        if size < 8:  # 0 means up to the end of the file, which shows nothing
            return False
        offset += size
    return offset == len(data)


_ENDS: dict[str, Callable[[Data], bool]] = {
    "JPEG": _jpeg_ends,
    "MPO": _jpeg_ends,
    "PNG": _png_ends,
    "GIF": _gif_ends,
    "WEBP": _riff_ends,
    "BMP": _bmp_ends,
    "AVIF": _boxes_end,
}
"""The check for the end of each format. TIFF and HEIC have none and are decoded."""
