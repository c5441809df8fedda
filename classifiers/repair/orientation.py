"""Read the EXIF orientation from metadata that may be broken, and write it as a minimal EXIF block."""

from __future__ import annotations

from PIL import ExifTags, Image

UPRIGHT = 1
EXIF_START = b"Exif\0\0"


def read_orientation(exif: bytes) -> int:
    """The orientation (EXIF 2.32, tag 0x0112) in an EXIF block, 1 to 8; 1 if the block can't be read."""
    try:
        parsed = Image.Exif()
        parsed.load(exif)
        value = int(parsed.get(ExifTags.Base.Orientation, UPRIGHT))
    except Exception:  # noqa: BLE001 - broken metadata makes Pillow raise nearly anything, and the pixels are still good
        return UPRIGHT
    return value if 1 <= value <= 8 else UPRIGHT


def exif_block(orientation: int) -> bytes:
    """An EXIF block (TIFF 6.0, big-endian, one entry) with only the orientation."""
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01" + orientation.to_bytes(2, "big") + b"\0\0"
    return b"MM\0*\0\0\0\x08\0\x01" + entry + b"\0\0\0\0"
