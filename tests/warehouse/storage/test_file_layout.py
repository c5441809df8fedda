"""Which files are rewritten together: what a night adds, and not what is stored."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from warehouse.schema.tables import TABLES
from warehouse.storage.file_commit import GROUP_ROWS
from warehouse.storage.file_layout import (
    COMPACT_ABOVE_FILES,
    LARGE_FILE_GROUPS,
    files_to_merge,
    rows_per_file,
)
from warehouse.storage.lake_files import LakeFile

ROW_BYTES = {"observations": 20, "labels": 40, "fetches": 100, "pictures": 130}
"""Of tables whose final files have less than 64 MB, and of tables whose files have more."""
BATCHES, BATCH_ROWS = 200, 5_000


def describe(name: str, rows: int) -> LakeFile:
    return LakeFile(f"{name}-{rows}", rows * ROW_BYTES[name], rows, {}, {})


def tidied(name: str, files: list[LakeFile]) -> tuple[list[LakeFile], int]:
    """The files after a merge of a night, and the rows that it wrote."""
    small = files_to_merge(TABLES[name], files)
    rows = sum(file.rows for file in small)
    left = [file for file in files if not any(file is one for one in small)]
    return [*left, *divided(name, rows)], rows


def divided(name: str, rows: int) -> Iterator[LakeFile]:
    size = rows_per_file(TABLES[name], rows)
    while rows:
        count = rows if rows < 1.5 * size else size
        yield describe(name, count)
        rows -= count


def test_a_table_that_is_computed_for_the_first_time_has_files_of_complete_row_groups() -> None:
    """Nobody knows its rows before; smaller files would be more files, which each night lists."""
    assert rows_per_file(TABLES["post_labels"], 0) == GROUP_ROWS


@pytest.mark.slow
@pytest.mark.parametrize("name", ROW_BYTES)
def test_tidying_costs_no_more_when_more_is_stored(name: str) -> None:
    """A night's merge rewrites about what the last nights added, after 300 nights as after 30, and files stay few."""
    files: list[LakeFile] = []
    written = []
    for _ in range(300):
        files, rows = tidied(name, [*files, *(describe(name, BATCH_ROWS) for _ in range(BATCHES))])
        written.append(rows)
    assert sum(file.rows for file in files) == 300 * BATCHES * BATCH_ROWS
    new = BATCHES * BATCH_ROWS
    assert sum(written[-30:]) / 30 < 3 * new, "on average"
    assert max(written) < 30 * new
    final = LARGE_FILE_GROUPS * GROUP_ROWS
    assert len(files) < 2 * 300 * new / final + COMPACT_ABOVE_FILES


@pytest.mark.parametrize("name", ROW_BYTES)
def test_a_final_file_stays(name: str) -> None:
    """Files with their final number of rows are never rewritten by tidying, however many there are."""
    final = [describe(name, LARGE_FILE_GROUPS * GROUP_ROWS * 2 // 3 + number) for number in range(100)]
    new = [describe(name, BATCH_ROWS) for _ in range(COMPACT_ABOVE_FILES + 1)]
    assert files_to_merge(TABLES[name], final) == []
    assert files_to_merge(TABLES[name], [*final, *new]) == new
