"""The pictures of a row: web addresses, or paths of files beside the file with the rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from tasks.scrape.files.pictures import local_address
from tasks.scrape.rows.picture_cells import split_addresses, split_cell
from tasks.scrape.rows.validation import RowError
from tasks.scrape.values.addresses import web_address
from tasks.scrape.values.counts import is_missing
from tasks.scrape.values.text import shown

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(slots=True)
class Pictures:
    """Their addresses; `missing` are paths without a file, `errors` those of what is neither address nor path."""

    addresses: list[Any] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)


def split_pictures(given: Any, folder: Path) -> list[Any] | None:
    """Split a list, or a text with several pictures, into single ones; None for any other value.

    Raises `ValueError` for a text that may be one picture or several.
    """
    if isinstance(given, str):
        return split_cell(given, lambda name: _exists(name, folder))
    if not isinstance(given, list):
        return None
    entries = [one for one in given if not is_missing(one)]
    return [part for one in entries for part in (split_addresses(one) if isinstance(one, str) else [one])]


def pictures_of(given: Sequence[Any], folder: Path) -> Pictures:
    """The addresses of a row's pictures; the schema rejects what is not text."""
    pictures = Pictures()
    for position, one in enumerate(given):
        address = web_address(one) if isinstance(one, str) else one
        if address is None:
            file = _file(one, folder)
            if file is None:
                why = f"{shown(one)} is neither an http(s) address nor a path inside the folder of this file"
                pictures.errors.append(RowError(f"pictures[{position}]", why))
                continue
            address = local_address(file, folder)
            if address is None:
                # It keeps its position in the post; the stage fetch reports that it is missing.
                pictures.missing.append(one)
                address = file.absolute().as_uri()
        pictures.addresses.append(address)
    return pictures


def _exists(name: str, folder: Path) -> bool:
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
