"""The picture formats that are decoded, and how large a picture may be.

Separate from pictures.py, so that code that reads only headers need not import numpy.
"""

from __future__ import annotations

import warnings

import pillow_heif

MAX_PIXELS = 64_000_000
"""Width x height. A larger picture is refused by its header, before a pixel is decoded."""

FORMATS = ("AVIF", "BMP", "GIF", "HEIF", "JPEG", "PNG", "TIFF", "WEBP")
"""The decoded formats, by Pillow's names; its JPEG reader also takes MPO. Pillow's other readers never get a
file from a page: the EPS reader, for example, runs Ghostscript on it, so a page could bring its own program."""

# Once per process, not around each call: `warnings.catch_warnings` is not safe in threads, and two that
# overlap leave all warnings of the process off. Pillow warns of odd metadata only.
warnings.filterwarnings("ignore", module=r"PIL\.")

# The main picture only: thumbnails, depth and other pictures of the file would take time or memory for nothing.
# One thread, because pictures are already decoded in as many threads as there are cores.
pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
