"""A stored picture to the JPEG that is sent: upright, downscaled, and without metadata such as the place."""

from __future__ import annotations

from classifiers.pictures import PictureSource
from classifiers.remote.payload import Payload, encode_jpeg, read_stored

_QUALITY = 85


def payload(source: PictureSource, sha256: str, longest_side: int) -> Payload:
    """The bytes to send for a stored picture, at most `longest_side` pixels wide and high.

    Raises `UnreadablePicture` if it can't be decoded, and `OSError` if the file is missing or has changed.
    """
    return Payload(encode_jpeg(read_stored(source, sha256), longest_side, _QUALITY), 1)
