"""Rewrite picture files that browsers show and Pillow refuses, so that Pillow decodes the same pixels.

    jpeg.py         removes metadata; adds a missing end marker if no pixel is missing
    png.py          removes metadata, whose checksums and sizes Pillow checks
    webp.py         removes metadata and truncated frames
    bmff.py         HEIC and AVIF: detaches metadata, checks sizes and offsets before libheif reads the file
    orientation.py  the one field of the metadata that stays

A file whose pixel data is cut off stays refused: a decoder that fills in grey is never trusted.
"""

from __future__ import annotations

from classifiers.repair import jpeg, png, webp

_REWRITERS = (
    (b"\xff\xd8\xff", jpeg.rewrite),
    (b"\x89PNG\r\n\x1a\n", png.rewrite),
    (b"RIFF", webp.rewrite),
)


def rewrite(data: bytes) -> bytes | None:
    """The picture in `data` as a file that Pillow may decode; None for other formats and worse damage.

    A JPEG without its end marker is decoded several times, with at most `MAX_PIXELS`. The result is at most
    1 kB larger than `data`.
    """
    for start, rewrite_format in _REWRITERS:
        if data.startswith(start):
            return rewrite_format(data)
    return None
