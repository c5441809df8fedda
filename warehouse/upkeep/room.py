"""What takes how much room on the disk, for `likelens status`."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from warehouse.home import Home
from warehouse.schema.tables import TABLES

_PICTURES = """
    select count(*) filter (copy_sha256 is null), coalesce(sum(bytes) filter (copy_sha256 is null), 0)::bigint,
           count(copy_sha256), coalesce(sum(copy_bytes), 0)::bigint,
           coalesce(sum(bytes - copy_bytes), 0)::bigint from pictures"""
_FOLDERS = {"report": "report", "unstored pages and responses": "spool answers", "Prefect": "prefect"}


def read_room(home: Home) -> pl.DataFrame:
    """Files and megabytes of each part of the home folder; pictures as the tables count them."""
    [(originals, original_bytes, copies, copy_bytes, saved)] = home.lake.query(_PICTURES)
    current = [Path(file) for name in TABLES for file in home.lake.files(name)]
    in_use = set(current)
    older = [file for file in home.lake.folder.rglob("*") if file.is_file() and file not in in_use]
    rows = [
        ("pictures, as fetched", originals, original_bytes),
        ("pictures, smaller copies", copies, copy_bytes),
    ]
    rows.append(("tables", *_sizes(current)))
    rows.append(("tables, older versions and logs", *_sizes(older)))
    rows.append(("published database", *_sizes([home.database])))
    for title, folders in _FOLDERS.items():
        files = [file for name in folders.split() for file in (home.folder / name).rglob("*")]
        rows.append((title, *_sizes(files)))
    rows.append(("saved by smaller copies", copies, -saved))
    sizes = [(title, number, size / 1e6) for title, number, size in rows if number]
    return pl.DataFrame(
        sizes, schema={"part": pl.String, "files": pl.Int64, "megabytes": pl.Float64}, orient="row"
    )


def _sizes(files: list[Path]) -> tuple[int, int]:
    number = size = 0
    for file in files:
        try:
            if file.is_file():
                number, size = number + 1, size + file.stat().st_size
        except OSError:
            continue  # a run has just removed it
    return number, size
