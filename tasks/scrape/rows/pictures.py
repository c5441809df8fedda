"""A row's pictures: web addresses, or paths of files beside the file with the rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from tasks.scrape.counts import is_nothing
from tasks.scrape.files.pictures import local_address
from tasks.scrape.files.values import shown, web_address
from tasks.scrape.rows.checking import BadRow
from tasks.scrape.rows.several import several, split_addresses

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(slots=True)
class Pictures:
    """Their addresses; `missing` are paths where no file is, `lost` what is neither an address nor a path."""

    addresses: list[Any] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    lost: list[BadRow] = field(default_factory=list)


def split_pictures(given: Any, folder: Path) -> list[Any] | None:
    """A row's pictures one by one, from a list or from a text with several; None for what is neither.

    Raises `ValueError` for a text that may be one picture or several.
    """
    if isinstance(given, str):
        return several(given, lambda name: _is_there(name, folder))
    if not isinstance(given, list):
        return None
    entries = [one for one in given if not is_nothing(one)]
    return [part for one in entries for part in (split_addresses(one) if isinstance(one, str) else [one])]


def pictures_of(given: Sequence[Any], folder: Path) -> Pictures:
    """The addresses of a row's pictures; what is no text is left to the schema."""
    pictures = Pictures()
    for place, one in enumerate(given):
        address = web_address(one) if isinstance(one, str) else one
        if address is None:
            file = _file(one, folder)
            if file is None:
                why = f"{shown(one)} is neither an http(s) address nor a path inside the folder of this file"
                pictures.lost.append(BadRow(f"pictures[{place}]", why))
                continue
            address = local_address(file, folder)
            if address is None:
                # It keeps its place in the post; the stage fetch tells that it is gone.
                pictures.missing.append(one)
                address = file.absolute().as_uri()
        pictures.addresses.append(address)
    return pictures


def _is_there(name: str, folder: Path) -> bool:
    file = _file(name, folder) if name else None
    try:
        return file is not None and file.is_file()
    except OSError:
        return False


def _file(given: str, folder: Path) -> Path | None:
    path = PurePosixPath(given)
    odd = _SCHEME.match(given) or "\\" in given or "\0" in given or path.is_absolute() or ".." in path.parts
    try:
        file = folder / path
        return file if not odd and file.resolve().is_relative_to(folder.resolve()) else None
    except (OSError, ValueError, RuntimeError):
        return None
