"""Small notes about tables, stored beside them: what a derived table was computed from."""

from __future__ import annotations

from warehouse.file_writing import replace_file
from warehouse.storage.lake import Lake


def read_note(lake: Lake, name: str) -> bytes:
    """What `write_note` stored last, here or on another machine. Raises `FileNotFoundError`."""
    if lake.store is not None:
        return lake.store.get(f"lake/.{name}.json")
    return (lake.folder / f".{name}.json").read_bytes()


def write_note(lake: Lake, name: str, text: str) -> None:
    """Store a note about a table."""
    if lake.store is not None:
        lake.store.put(f"lake/.{name}.json", text.encode())
        return
    replace_file(lake.folder / f".{name}.json", text)
