"""Whether a picture's file has its end: told from a few bytes, and by decoding only where these leave a doubt.

A file that breaks off looks like a picture by its header and can't be decoded later. Each format says
where it ends; a file that does not end so is decoded once, for some programs leave the end away and the
picture is fine. What is wrong inside a whole file is not looked for here: the classifiers find it.
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
"""What servers and cameras append to a picture, and no format minds."""
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""JPEG markers without a length (ISO/IEC 10918-1, B.1.1.3)."""

_SUBFILE_TYPE, _SUB_FILES, _DNG_VERSION = 254, 330, 50706
"""TIFF tags."""

_ONE_AT_A_TIME = threading.Lock()
"""A picture at the limit of pixels takes some 250 MB while it is decoded."""


def has_its_end(image: Image.Image, data: Data) -> bool:
    """Whether the file of an opened image ends as its format says; told from its bytes, in microseconds."""
    ends = _ENDS.get(image.format or "")
    return ends is not None and ends(image, data)


def decoded(picture: PictureData, described: Callable[[Image.Image], Result]) -> Result:
    """What `described` makes of a picture that was decoded to its end, one at a time in a process.

    Raises whatever Pillow raises for bytes that it can't decode.
    """

    def decode(image: Image.Image) -> Result:
        image.load()
        return described(image)

    with _ONE_AT_A_TIME:
        return picture.read(decode)


def is_camera_raw(image: Image.Image) -> bool:
    """Whether a TIFF file is a camera's raw file, whose first picture is a preview at best.

    DNG says so (DNG 1.7, tag DNGVersion); NEF, ARW, CR2 and their like begin with a reduced picture and have
    the raw one elsewhere (TIFF/EP, ISO 12234-2).
    """
    if image.format != "TIFF":
        return False
    tags: Mapping[int, object] = getattr(image, "tag_v2", {})
    is_reduced = isinstance(kind := tags.get(_SUBFILE_TYPE, 0), int) and bool(kind & 1)
    return _DNG_VERSION in tags or (is_reduced and _SUB_FILES in tags)


def _jpeg_ends(_: Image.Image, data: Data) -> bool:
    # In the coded picture FF is followed by 00 or a restart marker, so an end marker behind its start is the end;
    # the one of a preview lies before it, in a segment of its own.
    start = _jpeg_scan(data)
    return start is not None and data.rfind(b"\xff\xd9", start) >= 0


def _jpeg_scan(data: Data) -> int | None:
    """Where the first scan begins."""
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xDA:
            return place
        if marker == 0xFF:  # filling
            place += 1
        elif marker in _STANDALONE:
            place += 2
        else:
            place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return None


def _png_ends(_: Image.Image, data: Data) -> bool:
    return data.rfind(b"IEND") > 0


def _gif_ends(_: Image.Image, data: Data) -> bool:
    # One byte of a broken file in 256 looks like the end; the block before it ends with a zero.
    return data[-4096:].rstrip(_AFTER_THE_END).endswith(b"\0;")


def _riff_ends(_: Image.Image, data: Data) -> bool:
    return len(data) >= 8 + int.from_bytes(data[4:8], "little")


def _bmp_ends(_: Image.Image, data: Data) -> bool:
    size = int.from_bytes(data[2:6], "little")
    return 0 < size <= len(data)


def _boxes_end(_: Image.Image, data: Data) -> bool:
    """The boxes (ISO/IEC 14496-12, 4.2), one behind the other, end where the file does, or before."""
    place = 0
    while place + 8 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        if size == 1:
            size = int.from_bytes(data[place + 8 : place + 16], "big")
        if size < 8:  # 0: up to the end of the file, wherever that should be
            return False
        place += size
    return place == len(data)


_ENDS: dict[str, Callable[[Image.Image, Data], bool]] = {
    "JPEG": _jpeg_ends,
    "MPO": _jpeg_ends,
    "PNG": _png_ends,
    "GIF": _gif_ends,
    "WEBP": _riff_ends,
    "BMP": _bmp_ends,
    "AVIF": _boxes_end,
}
"""The end of each format; TIFF has none, and is decoded, as HEIC is."""
