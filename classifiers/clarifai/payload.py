"""A stored picture to the bytes that are sent: its own if Clarifai accepts them. Checked before it costs money."""

from __future__ import annotations

from classifiers.errors import PictureTooLarge
from classifiers.pictures import PictureSource, inspect_image
from classifiers.remote.payload import Payload, encode_jpeg, read_stored

ACCEPTED_FORMATS = frozenset({"BMP", "GIF", "JPEG", "MPO", "PNG", "TIFF", "WEBP"})
"""Formats that Clarifai accepts, by Pillow's names (docs.clarifai.com, upload limits). Others become JPEG, and so
does a file that only a tolerant decoder reads, because each sent picture costs money."""
MAX_BYTES = 20_000_000
MAX_PIXELS = 85_000_000
"""Limits of one picture (docs.clarifai.com, upload limits)."""
_QUALITY = 92


def payload(source: PictureSource, sha256: str, longest_side: int, *, upright: bool) -> Payload:
    """The bytes to send for a stored picture.

    With a `longest_side` (pixels; 0 for no limit) larger pictures are downscaled; with `upright`, pictures that
    are stored sideways are turned. Otherwise the stored bytes are sent. Raises `UnreadablePicture` if they can't
    be decoded, `PictureTooLarge` if Clarifai does not accept the size, and `OSError` if the file is missing or
    has changed.
    """
    data = read_stored(source, sha256)
    info = inspect_image(data)
    shrink = bool(longest_side) and max(info.width, info.height) > longest_side
    is_accepted = (
        info.is_sound and info.format in ACCEPTED_FORMATS and not (upright and info.orientation != 1)
    )
    if shrink or not is_accepted:
        made = Payload(encode_jpeg(data, longest_side, _QUALITY), 1)
    else:
        made = Payload(data, info.orientation)
    if len(made.data) >= MAX_BYTES or (not shrink and info.width * info.height > MAX_PIXELS):
        raise PictureTooLarge(
            f"{info.width} x {info.height} pixels in {len(made.data):,} bytes exceed Clarifai's limits;"
            " set longest_side to have larger pictures downscaled"
        )
    return made
