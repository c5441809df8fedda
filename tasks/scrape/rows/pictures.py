"""The pictures of a row: web addresses, or paths of files beside the file with the rows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from tasks.scrape.files.local_files import local_address
from tasks.scrape.rows.picture_cells import split_addresses, split_cell
from tasks.scrape.rows.validation import RowError
from tasks.scrape.values.addresses import web_address
from tasks.scrape.values.counts import is_missing
from tasks.scrape.values.text import shown

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(slots=True)
class Pictures:
    """Their addresses, as the schema checks them; None where there are none.

    `missing` are paths without a file, `errors` those of what is neither address nor path.
    """

    addresses: Any = None
    missing: list[str] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)


def read_pictures(given: Any, folder: Path) -> Pictures:
    """The addresses of a row's pictures, from a list or from a text with several; the schema rejects other values."""
    try:
        listed = _split(given, folder)
    except ValueError as error:
        return Pictures(errors=[RowError("pictures", str(error))])
    if not isinstance(listed, list):
        return Pictures(listed)
    pictures = Pictures([])
    for position, one in enumerate(listed):
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


def _split(given: Any, folder: Path) -> Any:
    if isinstance(given, str):
        return split_cell(given, lambda name: _exists(name, folder))
    if not isinstance(given, list):
        return given
    entries = [one for one in given if not is_missing(one)]
    return [part for one in entries for part in (split_addresses(one) if isinstance(one, str) else [one])]


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
