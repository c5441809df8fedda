"""What a file is that the classifiers can't decode, by its first bytes, with advice.

Sources: the specifications of the formats, and the WHATWG MIME Sniffing Standard.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from classifiers.repair.bmff import kind_of
from tasks.fetch.attempt import Reason

MESSAGE_START = "It is "
"""The start of each message."""
HEAD_BYTES = 1024
"""How much of a file is inspected."""

_PICTURES = (
    b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM",
    b"II*\0", b"MM\0*", b"II+\0", b"MM\0+",
)  # fmt: skip
"""The first bytes of the decoded formats. The signs of WebP, HEIC and AVIF stand further in."""

_CONVERT = "Save it as JPEG or PNG."
_VIDEO = "Videos are not labelled. Give the address of its cover picture, or remove the video."
_PAGE = (
    "Open the address in a browser: it may need a login, have expired, or be that of a page with the picture."
)
_NO_PICTURE = "Give the address of a picture."


@dataclass(frozen=True, slots=True)
class OtherFile:
    """A file that is not decoded: its name with the article, and advice. `reason` is for `fetches.reason`."""

    name: str
    advice: str
    reason: Reason = Reason.NOT_A_PICTURE

    @property
    def message(self) -> str:
        """The text for `fetches.message`."""
        return f"{MESSAGE_START}{self.name}. {self.advice}"


def _unsupported(name: str) -> OtherFile:
    return OtherFile(name, _CONVERT, Reason.UNSUPPORTED_FORMAT)


CAMERA_RAW = _unsupported("a camera's raw file")
_EMPTY = OtherFile("an empty file", "Download it again.")
_STARTS: tuple[tuple[bytes | tuple[bytes, ...], OtherFile], ...] = (
    ((b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"), _unsupported("a JPEG XL picture")),
    ((b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  \r\n\x87\n"), _unsupported("a JPEG 2000 picture")),
    (b"II\xbc\x01", _unsupported("a JPEG XR picture")),
    (b"8BPS", _unsupported("a Photoshop file")),
    (b"gimp xcf", _unsupported("a GIMP file")),
    (b"\0\0\x01\0", _unsupported("an icon file")),
    (b"\0\0\x02\0", _unsupported("a cursor file")),
    ((b"%!PS", b"\xc5\xd0\xd3\xc6"), OtherFile("a PostScript file", _CONVERT)),
    (b"qoif", _unsupported("a QOI picture")),
    (b"DDS ", _unsupported("a DDS texture")),
    (b"v/1\x01", _unsupported("an OpenEXR picture")),
    (b"#?RADIANCE", _unsupported("a Radiance HDR picture")),
    (b"farbfeld", _unsupported("a farbfeld picture")),
    ((b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb", b"\0MRM"), CAMERA_RAW),
    (b"%PDF-", OtherFile("a PDF document", "Save its pages as JPEG or PNG.")),
    (b"\x1aE\xdf\xa3", OtherFile("a WebM or Matroska video", _VIDEO)),
    (b"FLV\x01", OtherFile("a Flash video", _VIDEO)),
    ((b"\0\0\x01\xba", b"\0\0\x01\xb3"), OtherFile("an MPEG video", _VIDEO)),
    (b"OggS", OtherFile("an Ogg video or audio file", _VIDEO)),
    (b"#EXTM3U", OtherFile("a playlist of a video", _VIDEO)),
    ((b"ID3", b"fLaC"), OtherFile("an audio file", _NO_PICTURE)),
    (b"PK\x03\x04", OtherFile("a ZIP archive", "Unpack it.")),
    (b"\x1f\x8b", OtherFile("a gzip archive", "Unpack it.")),
    (b"7z\xbc\xaf'\x1c", OtherFile("a 7-Zip archive", "Unpack it.")),
    (b"Rar!", OtherFile("a RAR archive", "Unpack it.")),
    (b"BZh", OtherFile("a bzip2 archive", "Unpack it.")),
    (b"\xfd7zXZ\0", OtherFile("an xz archive", "Unpack it.")),
    (b"(\xb5/\xfd", OtherFile("a Zstandard archive", "Unpack it.")),
    (
        b"version https://git-lfs",
        OtherFile("a pointer of Git LFS", "Fetch the file itself with git lfs pull."),
    ),
)
_RIFF = {
    b"AVI ": OtherFile("an AVI video", _VIDEO),
    b"WAVE": OtherFile("an audio file", _NO_PICTURE),
}
_QUICKTIME_BOXES = frozenset({b"moov", b"mdat", b"wide", b"skip", b"pnot"})
_NETPBM = re.compile(rb"P[1-7F][\s#]")
_MARKUP = re.compile(
    rb"<(?:!doctype html|html|head|body|script|title|style|meta|h1|div|p|a|table|iframe|br)\b",
    re.IGNORECASE,
)
_SVG = re.compile(rb"<(?:!doctype\s+)?svg\b", re.IGNORECASE)
_TEXT_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_MAX_JPEG_OFFSET = 64


def begins_as_picture(head: bytes) -> bool:
    """Whether a file begins like one of the decoded formats."""
    if head.startswith(_PICTURES):
        return True
    return (head[:4] == b"RIFF" and head[8:12] == b"WEBP") or kind_of(head) is not None


def identify_file(head: bytes) -> OtherFile:
    """What a file is that is not decoded, by its first bytes, `HEAD_BYTES` at most."""
    if not head:
        return _EMPTY
    found = next((found for start, found in _STARTS if head.startswith(start)), None)
    return found or _identify_container(head) or _identify_text(head) or _unknown(head)


def _identify_container(head: bytes) -> OtherFile | None:
    """By a sign that stands further in."""
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _identify_brand(head[8:12])
    signs = (
        (head[4:8] in _QUICKTIME_BOXES, OtherFile("a QuickTime video", _VIDEO)),
        (head[:1] == head[188:189] == head[376:377] == b"G", OtherFile("an MPEG video", _VIDEO)),
        (head[257:262] == b"ustar", OtherFile("a tar archive", "Unpack it.")),
        (_NETPBM.match(head) is not None, _unsupported("a Netpbm picture")),
    )
    return next((found for holds, found in signs if holds), None)


def _identify_brand(brand: bytes) -> OtherFile:
    """By the major brand of an ISO base media file (mp4ra.org)."""
    if brand == b"crx ":
        return CAMERA_RAW
    if brand in (b"mif1", b"msf1", b"mif2", b"miaf", b"vvic", b"evic", b"j2ki", b"jpgs", b"avci", b"jpeg"):
        return _unsupported("a HEIF picture in a coding other than HEVC and AV1")
    if brand in (b"M4A ", b"M4B ", b"M4P "):
        return OtherFile("an audio file", _NO_PICTURE)
    return OtherFile("a QuickTime video" if brand == b"qt  " else "an MP4 video", _VIDEO)


def _identify_text(head: bytes) -> OtherFile | None:
    start = head
    for mark in _TEXT_MARKS:
        start = start.removeprefix(mark)
    if has_utf16_mark := head.startswith(_TEXT_MARKS[1:]):
        start = start.replace(b"\0", b"")
    start = start.lstrip()
    if start.startswith(b"<"):
        svg, page = _SVG.search(start), _MARKUP.search(start)
        if svg and (page is None or svg.start() < page.start()):
            return OtherFile("an SVG drawing", "Save it as PNG.")
        if start.startswith(b"<?xml") and page is None:
            return OtherFile("an XML document, perhaps a message of the server", _PAGE)
        return OtherFile("a web page (HTML)", _PAGE)
    if start.startswith((b"{", b"[")) and _is_text(start):
        return OtherFile("JSON, perhaps a message of the server", _PAGE)
    if has_utf16_mark or _is_text(head):
        return OtherFile("a text", _NO_PICTURE)
    return None


def _is_text(head: bytes) -> bool:
    if any(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # the head may end inside a character
    except UnicodeDecodeError:
        return False
    return True


def _unknown(head: bytes) -> OtherFile:
    offset = head.find(b"\xff\xd8\xff", 1, _MAX_JPEG_OFFSET)
    if offset > 0:
        return OtherFile(
            f"a JPEG behind {offset} other bytes",
            "No browser shows it. Remove these bytes, or download the file again.",
        )
    if not any(head):
        return OtherFile("a file of zeros", "Download it again.")
    return OtherFile(f"of no known format (it begins with the bytes {head[:8].hex(' ')})", _CONVERT)
