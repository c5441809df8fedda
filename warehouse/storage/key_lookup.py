"""Which files of a table can have some keys, for a query that would read all of a large table for a few rows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pyarrow as pa

from warehouse.schema.tables import TABLES
from warehouse.storage.damage import detect_damage
from warehouse.storage.hash_index import find_files as find_stored_files
from warehouse.storage.hash_index import has_index
from warehouse.storage.lake import Lake
from warehouse.storage.lake_reader import open_connection
from warehouse.storage.table_lock import lock_table

MAX_SEARCHED = 20_000
"""Values that are searched by the index. A query over the complete table takes less time for more."""


def find_files(lake: Lake, table_name: str, values: Sequence[str]) -> list[str]:
    """The paths of the files that have a row whose key begins with one of the values; small files always.

    They are found by an index, which is made first for files that have none. The first column of the key is a text.
    Raises `LakeBusy` when the table stays locked, and `LakeDamaged` when a file can't be read.
    """
    table = TABLES[table_name]
    hashes = values if has_index(table) else [hashlib.sha256(value.encode()).hexdigest() for value in values]
    with (
        detect_damage(lake.folder),
        lock_table(lake.folder, table_name),
        open_connection() as connection,
    ):
        files = lake.list_files(table_name)
        searched = pa.chunked_array([hashes], pa.string())
        found = find_stored_files(connection, table, searched, files, files)
    return [file.path for file in found]
