"""A row's pictures: web addresses, or paths of files beside the file with the rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tasks.scrape.files.pictures import local_address
from tasks.scrape.files.values import shown, web_address
from tasks.scrape.rows.checking import BadRow

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(slots=True)
class Pictures:
    """Their addresses; `missing` are paths where no file is."""

    addresses: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def pictures_of(given: Sequence[str], folder: Path) -> Pictures:
    """The addresses of a row's pictures. Raises `BadRow` for one that is neither address nor path in the folder."""
    pictures = Pictures()
    for place, one in enumerate(given):
        address = web_address(one)
        if address is None:
            file = _file(one, folder, place)
            address = local_address(file, folder)
            if address is None:
                # It keeps its place in the post; the stage fetch tells that it is gone.
                pictures.missing.append(one)
                address = file.absolute().as_uri()
        pictures.addresses.append(address)
    return pictures


def _file(given: str, folder: Path, place: int) -> Path:
    path = PurePosixPath(given)
    odd = _SCHEME.match(given) or "\\" in given or "\0" in given or path.is_absolute() or ".." in path.parts
    try:
        file = folder / path
        if not odd and file.resolve().is_relative_to(folder.resolve()):
            return file
    except (OSError, ValueError, RuntimeError):
        pass
    why = f"{shown(given)} is neither an http(s) address nor a path inside the folder of this file"
    raise BadRow(f"pictures[{place}]", why)
