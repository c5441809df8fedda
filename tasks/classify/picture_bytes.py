"""The one place where labelling reads a stored picture's file."""

from __future__ import annotations

from pathlib import Path

from warehouse.records.pending import StoredPicture


def read_picture_bytes(folder: Path, picture: StoredPicture) -> bytes:
    """The bytes of a stored picture; `folder` is the home folder. Raises `OSError`."""
    return (folder / picture.path).read_bytes()
