"""Picture files that browsers show and Pillow refuses, rewritten so that Pillow decodes the same pixels.

    jpeg.py         without metadata; with its end marker where every pixel is there
    png.py          without metadata, whose checksums and sizes Pillow checks
    webp.py         without metadata and without frames that are cut off
    bmff.py         HEIC and AVIF: metadata detached, sizes and places checked before libheif reads the file
    orientation.py  the one field of the metadata that is kept

What is cut off in its pixel data stays refused: a decoder that fills in grey is never trusted.
"""

from __future__ import annotations

from classifiers.repair import jpeg, png, webp

_REWRITERS = (
    (b"\xff\xd8\xff", jpeg.rewritten),
    (b"\x89PNG\r\n\x1a\n", png.rewritten),
    (b"RIFF", webp.rewritten),
)


def rewritten(data: bytes) -> bytes | None:
    """The picture in `data` as a file that Pillow may decode; None where the format or the damage allows none.

    A JPEG without its end marker is decoded several times, with at most `MAX_PIXELS`. The result is at most
    1 kB larger than `data`.
    """
    for start, rewrite in _REWRITERS:
        if data.startswith(start):
            return rewrite(data)
    return None
