"""Removing pictures that are forgotten from what training has stored beside its models."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tasks.train.stage import REVIEW, TABLE
from tasks.train.table import drop_rows
from warehouse.home import Home


def remove_deleted_pictures(home: Home) -> None:
    """Remove stored pictures whose files are deleted from the tables, and the pages that may show them.

    The models stay: their numbers are sums over all pictures.
    """
    for table in home.trained.glob(f"*/{TABLE}"):
        drop_rows(table, _is_deleted_from(home), table.parent / REVIEW)
    home.share_state()


def _is_deleted_from(home: Home) -> Callable[[Path], bool]:
    if home.store is None:
        return lambda file: file.is_relative_to(home.pictures) and not file.exists()
    # The rows of deleted pictures are deleted too; a request to the store for each picture would take minutes.
    stored = {str(path) for (path,) in home.lake.query("select path from pictures")}

    def is_deleted(file: Path) -> bool:
        path = Path(os.path.normpath(file))
        return path.is_relative_to(home.pictures) and path.relative_to(home.folder).as_posix() not in stored

    return is_deleted
