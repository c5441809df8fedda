"""The Parquet files of a table, with what the table's log says about their rows: which of them can hold a key."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True, slots=True)
class LakeFile:
    """A file of a table's current version. `lowest` and `highest` are its smallest and largest value by column.

    They are known of the key and of times; a column without known values is missing in both. `nulls` has the number
    of nulls by column, where the log has it: a file that likelens wrote has there all columns that are no lists.
    """

    path: str
    bytes: int
    rows: int
    lowest: Mapping[str, Any]
    highest: Mapping[str, Any]
    nulls: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The file's name in the table's folder."""
        # Not by `Path`: a publish asks for some thousand names, and it takes 20 times as long.
        return self.path.rpartition(os.sep)[2]

    def may_hold(self, values: Mapping[str, Sequence[Any]]) -> bool:
        """Whether a row of the file can have one of the values in each column; the values are sorted."""
        return all(self._may_hold(column, ordered) for column, ordered in values.items())

    def may_be_null(self, column: str) -> bool:
        """Whether a row of the file can have no value in the column."""
        return self.nulls.get(column, 1) > 0

    def may_reach(self, column: str, least: Any) -> bool:
        """Whether a row of the file can have this value in the column, or a greater one."""
        return column not in self.highest or bool(self.highest[column] >= least)

    def may_share(self, other: LakeFile, columns: Sequence[str]) -> bool:
        """Whether a row of this file and one of the other can have the same values in the columns."""
        return all(
            column not in self.lowest
            or column not in other.lowest
            or (self.lowest[column] <= other.highest[column] and other.lowest[column] <= self.highest[column])
            for column in columns
        )

    def _may_hold(self, column: str, ordered: Sequence[Any]) -> bool:
        if column not in self.lowest or column not in self.highest:
            return True
        first = bisect_left(ordered, self.lowest[column])
        return first < len(ordered) and bool(ordered[first] <= self.highest[column])


def distinct_values(batch: pa.Table, columns: Sequence[str]) -> dict[str, list[Any]]:
    """The sorted distinct values of each column, as `LakeFile.may_hold` takes them."""
    return {column: sorted(pc.unique(batch[column]).to_pylist()) for column in columns}
