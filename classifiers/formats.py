"""Which files are pictures to us, as Pillow names their formats, and how large one may be.

Apart from pictures.py so that whoever only looks at headers need not load numpy.
"""

from __future__ import annotations

import warnings

import pillow_heif

MAX_PIXELS = 64_000_000
"""Larger pictures are refused by their header, before a pixel is decoded (width x height)."""

FORMATS = ("AVIF", "BMP", "GIF", "HEIF", "JPEG", "PNG", "TIFF", "WEBP")
"""What is decoded, as Pillow names it; its JPEG reader takes MPO too. No other reader sees a foreign
file: the one for EPS, for instance, runs Ghostscript on it, so a page could bring its own program."""

# Once for the process, not around each call: `warnings.catch_warnings` is not safe in threads, and two
# that overlap leave every warning of the process switched off. Pillow warns of odd metadata only.
warnings.filterwarnings("ignore", module=r"PIL\.")

# The picture alone: thumbnails, depth and other pictures of the file would be decoded or held for nothing. One
# thread, for pictures are decoded in as many threads as there are cores already.
pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
