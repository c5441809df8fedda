"""How many rows a file has, and which files are rewritten together.

Files of a table with a `cluster` (posts by source) are divided by these columns, so that an update of one source's rows
rewrites one or two files of one row group, whatever else is stored. Rows of the other tables are never or rarely
updated. Their files are in the order in which they were written, and small ones are merged with others of their size.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import pyarrow as pa

from warehouse.schema.table_schema import Table
from warehouse.storage.file_commit import GROUP_ROWS
from warehouse.storage.lake_files import LakeFile, distinct_values

COMPACT_ABOVE_FILES = 16
"""Small files are merged when there are more than this: every run writes some."""
LARGE_FILE_GROUPS = 10
"""Row groups of a file of a table without a cluster."""
FILE_GROUPS = 128
"""Row groups of a file of a table with its own `group_rows`: 16,384 embeddings, 80 MB in memory."""
SMALL_BYTES = 1024 * 1024
MAX_MERGED_BYTES = 64 * 1024 * 1024
"""Files of tables without a cluster are not merged again when they are so large, or when they have their final rows."""


def rows_per_file(table: Table, rows: int) -> int:
    """The rows of a file, so that about so many rows of the table are divided into files of nearly equal size.

    0: nobody knows how many there are.
    """
    if table.group_rows is not None:
        return FILE_GROUPS * table.group_rows
    usual = _usual_rows(table)
    if not rows:
        return usual
    return max(_final_rows(table), -(-rows // max(1, round(rows / usual))))


def _usual_rows(table: Table) -> int:
    return GROUP_ROWS if table.cluster else LARGE_FILE_GROUPS * GROUP_ROWS


def _final_rows(table: Table) -> int:
    """The rows of the smallest file that a merge of many rows writes.

    Its bytes do not say that it is final: a million short rows have less than `MAX_MERGED_BYTES`.
    """
    return _usual_rows(table) * 2 // 3


def small_files_beside(table: Table, batch: pa.Table, files: Sequence[LakeFile]) -> list[LakeFile]:
    """The small files with rows near those of the batch; an update of the rows merges them."""
    values = distinct_values(batch, table.cluster)
    return [file for file in files if table.cluster and _is_small(file) and file.may_hold(values)]


def files_to_merge(table: Table, files: Sequence[LakeFile]) -> list[LakeFile]:
    """The files that compaction rewrites together; none while few files are small."""
    if table.group_rows is not None:
        return _files_that_fit([file for file in files if file.rows < FILE_GROUPS * table.group_rows // 2])
    if table.cluster:
        small = [file for file in files if _is_small(file)]
        others = [
            file
            for file in files
            if not _is_small(file) and any(file.may_share(one, table.cluster) for one in small)
        ]
    else:
        small, others = _files_of_one_size([file for file in files if file.rows < _final_rows(table)]), []
    return small + others if len(small) > COMPACT_ABOVE_FILES else []


def _is_small(file: LakeFile) -> bool:
    return file.rows < GROUP_ROWS // 2


def _files_that_fit(files: Sequence[LakeFile]) -> list[LakeFile]:
    """The smallest of many files, as many as fit into memory together; none while there are few."""
    if len(files) <= COMPACT_ABOVE_FILES:
        return []
    ordered = sorted(files, key=lambda one: one.bytes)
    totals = accumulate(file.bytes for file in ordered)
    chosen = [file for file, total in zip(ordered, totals, strict=True) if total <= MAX_MERGED_BYTES]
    return chosen if len(chosen) > 1 else ordered[:2]


def _files_of_one_size(files: Sequence[LakeFile]) -> list[LakeFile]:
    """The smallest files, up to one that is larger than all before together: then each row is rewritten few times."""
    chosen: list[LakeFile] = []
    total = SMALL_BYTES
    for file in sorted(files, key=lambda one: one.bytes):
        if file.bytes > min(total, MAX_MERGED_BYTES):
            break
        chosen.append(file)
        total += file.bytes
    return chosen
