"""Removing pictures that are forgotten from what training has stored beside its models."""

from __future__ import annotations

from tasks.train.stage import REVIEW, TABLE
from tasks.train.table import drop_rows
from warehouse.home import Home


def remove_deleted_pictures(home: Home) -> None:
    """Remove stored pictures whose files are deleted from the tables, and the pages that may show them.

    The models stay: their numbers are sums over all pictures.
    """
    for table in home.trained.glob(f"*/{TABLE}"):
        drop_rows(
            table,
            lambda file: file.is_relative_to(home.pictures) and not file.exists(),
            table.parent / REVIEW,
        )
