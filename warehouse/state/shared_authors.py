"""The key that hashes authors and the hashes of forgotten authors, equal on all machines with one home.

The store has the key once: of two machines that create one at the same time, the second one takes the first one's. Each
forgotten author is an object of its own without content, so that two machines that forget at once lose none.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.file_writing import replace_file

if TYPE_CHECKING:
    from warehouse.object_store.client import ObjectStore

STATE = "state"
"""The folder of shared files in the store."""
KEY = "authors/key"
FORGOTTEN = "authors/forgotten"


def shared_key(store: ObjectStore, mine: bytes) -> bytes:
    """The key of all machines, which is `mine` if the store has none yet."""
    try:
        store.put(f"{STATE}/{KEY}", mine, if_absent=True)
    except FileExistsError:
        return store.get(f"{STATE}/{KEY}")
    return mine


def share_forgotten(store: ObjectStore, hashes: Collection[str]) -> None:
    """Let the other machines know these forgotten authors."""
    for one in hashes:
        store.put(f"{STATE}/{FORGOTTEN}/{one}", b"")


def share_authors(store: ObjectStore, folder: Path, names: Collection[str]) -> None:
    """Make the local key that of the store, and the forgotten authors the same in both.

    `names` are those of the store's objects below `STATE`; `folder` is the local folder of authors.
    """
    key = folder / "key"
    mine = key.read_bytes() if key.exists() else None
    if KEY in names or mine is not None:
        shared = store.get(f"{STATE}/{KEY}") if KEY in names else shared_key(store, mine or b"")
        if shared != mine:
            write_key(key, shared)
    _share_forgotten_authors(store, folder / "forgotten", names)


def write_key(file: Path, content: bytes) -> None:
    """Replace the key by this one, in a file that only its owner can read."""
    replace_file(file, content, private=True)


def _share_forgotten_authors(store: ObjectStore, file: Path, names: Collection[str]) -> None:
    prefix = f"{FORGOTTEN}/"
    theirs = {name.removeprefix(prefix) for name in names if name.startswith(prefix)}
    mine = set(file.read_text("ascii").split()) if file.exists() else set()
    share_forgotten(store, sorted(mine - theirs))
    if theirs - mine:
        replace_file(file, "".join(f"{one}\n" for one in sorted(mine | theirs)))
