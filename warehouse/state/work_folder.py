"""The work folder of a home in an object store: it belongs to one URL, and the store is checked before it is used."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.errors import BadHome

if TYPE_CHECKING:
    from warehouse.object_store.client import ObjectStore

_OWNER = ".store"
"""The file with the URL whose work folder this is."""


def check_owner(folder: Path, url: str) -> None:
    """Mark an existing folder as the work folder of the URL.

    Raises `BadHome` for the work folder of another URL, and for a home folder of its own.
    """
    file = folder / _OWNER
    owner = file.read_text("utf-8").strip() if file.exists() else None
    if owner is None and (folder / "lake").exists():
        raise BadHome(
            f"{folder} is a home folder of its own, and can't be the work folder of {url}. Set cache in [storage] (or"
            " LIKELENS_CACHE) to an empty folder."
        )
    if owner not in (None, url):
        raise BadHome(
            f"{folder} is the work folder of {owner}, and not of {url}. Set cache in [storage] (or LIKELENS_CACHE) to a"
            " folder of its own for each home."
        )
    if owner is None:
        file.write_text(f"{url}\n", "utf-8")


@lru_cache(maxsize=8)
def check_once(store: ObjectStore, process: int) -> None:
    """Check the store with a probe object, once in a process. Raises `BadStore` and `StoreUnavailable`."""
    store.check()
