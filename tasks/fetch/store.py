"""The content store: a picture's file is named by the SHA-256 of its bytes, so each is stored once."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from classifiers.pictures import FORMATS, MAX_PIXELS
from tasks.fetch.reasons import Reason

_ENDINGS = {"JPEG": "jpg", "MPO": "jpg"}
_NAMES = {"MPO": "jpeg"}


class Unfit(Exception):
    """The file is no picture that is stored; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Kind:
    """What a picture's header says. Sizes are in pixels, before any EXIF rotation."""

    format: str
    ending: str
    width: int
    height: int


def read_kind(file: Path) -> Kind:
    """Read a picture's header; no pixel is decoded. Raises `Unfit`."""
    try:
        with Image.open(file, formats=FORMATS) as image:
            kind = image.format or ""
            width, height = image.size
    except Image.DecompressionBombError:
        raise Unfit(Reason.TOO_MANY_PIXELS) from None
    except Exception:  # noqa: BLE001 - Pillow's readers raise whatever a broken header makes them stumble over
        raise Unfit(Reason.NOT_A_PICTURE) from None
    if width * height > MAX_PIXELS:
        raise Unfit(Reason.TOO_MANY_PIXELS)
    return Kind(_NAMES.get(kind, kind.lower()), _ENDINGS.get(kind, kind.lower()), width, height)


class PictureStore:
    """The folder `pictures` of a home folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.incoming = home / "pictures" / ".incoming"

    def clear_incoming(self) -> None:
        """Remove what a killed run left half-downloaded. Only the run that holds the home may call this."""
        shutil.rmtree(self.incoming, ignore_errors=True)
        self.incoming.mkdir(parents=True, exist_ok=True)

    def keep(self, incoming: Path, sha256: str, ending: str) -> str:
        """Move a whole, checked file to its place; returns its path relative to the home folder."""
        relative = Path("pictures") / sha256[:2] / f"{sha256}.{ending}"
        place = self.home / relative
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(incoming, place)
        return relative.as_posix()
