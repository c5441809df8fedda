"""Which files of a table can have some keys, for a query that would read all of a large table for a few rows."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from warehouse.schema.tables import TABLES
from warehouse.storage.damage import detect_damage
from warehouse.storage.hash_index import find_files_with_text
from warehouse.storage.lake import Lake
from warehouse.storage.lake_reader import open_connection
from warehouse.storage.table_lock import lock_table


def find_files(lake: Lake, table_name: str, values: Sequence[str]) -> list[str]:
    """The paths of the files that have a row whose key begins with one of the values; small files always.

    They are found by an index, which is made first for files that have none. The first column of the key is a text that
    is no hash. Raises `LakeBusy` when the table stays locked, and
    `LakeDamaged` when a file can't be read.
    """
    table = TABLES[table_name]
    with (
        detect_damage(lake.folder),
        lock_table(lake.folder, table_name),
        open_connection() as connection,
    ):
        files = lake.list_files(table_name)
        if not files:
            return []
        found = find_files_with_text(connection, table, pa.array(values, pa.string()), files)
    return [file.path for file in found]
