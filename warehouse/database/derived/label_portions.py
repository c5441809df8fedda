"""The current labels of one classifier, divided into files by the portions of posts that show their pictures.

Labels are stored by picture, and `post_labels` is computed by post. Each portion would have to read all labels. So they
are read once, and written by portion into a folder, which takes a few dozen bytes of disk for each label meanwhile.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.database.derived.changes import scan_paths
from warehouse.schema.sql_types import quote
from warehouse.storage.lake import UNFINISHED_PORTIONS

_COLUMNS = "sha256, classifier, version, label, score"
# A number is a fraction of the size of a hash as text. Two pictures with one number cost a few rows that the join with
# the portion's pictures leaves out.
_PICTURES = """insert into divided_pictures select distinct hash(sha256), {portion}
               from {shown} as shown where sha256 is not null and {condition}"""
_COPY = """copy (select {columns}, portion
                 from {labels} as labels join divided_pictures on picture = hash(sha256))
           to {folder} (format parquet, compression snappy, row_group_size {rows}, partition_by (portion))"""
GROUP_ROWS = 40_960
"""Rows of a row group of these files: one for each portion and thread is in memory."""


@dataclass(frozen=True, slots=True)
class DividedLabels:
    """The files, one folder for each portion."""

    connection: duckdb.DuckDBPyConnection
    folder: Path

    def divide(self, labels: str) -> None:
        """Divide the rows of a table expression; the files of those before are removed."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        query = _COPY.format(columns=_COLUMNS, labels=labels, folder=quote(str(self.folder)), rows=GROUP_ROWS)
        self.connection.execute(query)

    def select_portion(self, number: int) -> str:
        """A table expression over all labels of the portion's pictures, and perhaps some others."""
        files = sorted(str(file) for file in (self.folder / f"portion={number}").glob("*.parquet"))
        if not files:
            return f"(select {_COLUMNS} from {scan_paths('labels', [])})"
        paths = ", ".join(map(quote, files))
        return f"(select {_COLUMNS} from read_parquet([{paths}], hive_partitioning := false))"


@contextmanager
def divide_labels(
    connection: duckdb.DuckDBPyConnection, table: Path, shown: str, portions: Sequence[str]
) -> Iterator[DividedLabels]:
    """Find the portions of all pictures; the files are in the folder of the derived table, and removed at the end.

    `shown` is a table expression with the pictures of posts, `portions` are conditions on its rows. Files that a
    killed process left are removed with the next ones.
    """
    connection.execute(
        "create or replace temporary table divided_pictures (picture ubigint, portion integer)"
    )
    for number, condition in enumerate(portions):
        connection.execute(_PICTURES.format(portion=number, shown=shown, condition=condition))
    divided = DividedLabels(connection, table / UNFINISHED_PORTIONS)
    try:
        yield divided
    finally:
        shutil.rmtree(divided.folder, ignore_errors=True)
        connection.execute("drop table divided_pictures")
