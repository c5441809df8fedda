"""The Parquet files of a table, with what the table's log says about their rows: which of them can hold a key."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable


@dataclass(frozen=True, slots=True)
class LakeFile:
    """A file of a table's current version. `lowest` and `highest` are its smallest and largest value by column.

    A column without known values is missing in both.
    """

    path: str
    bytes: int
    rows: int
    lowest: Mapping[str, Any]
    highest: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The file's name in the table's folder."""
        return Path(self.path).name

    def may_hold(self, values: Mapping[str, Sequence[Any]]) -> bool:
        """Whether a row of the file can have one of the values in each column; the values are sorted."""
        return all(self._may_hold(column, ordered) for column, ordered in values.items())

    def _may_hold(self, column: str, ordered: Sequence[Any]) -> bool:
        if column not in self.lowest or column not in self.highest:
            return True
        first = bisect_left(ordered, self.lowest[column])
        return first < len(ordered) and bool(ordered[first] <= self.highest[column])


def list_files(delta: DeltaTable, folder: Path, columns: Sequence[str]) -> list[LakeFile]:
    """The files of the table's version, with the values of these columns."""
    # Not `file_uris()`: it returns URL-encoded paths, which are wrong for a folder with a blank in its name.
    # Not `to_pylist()` of pyarrow: it imports pandas for the first time with a zone, which takes half a second.
    actions = pl.DataFrame(delta.get_add_actions(flatten=True))
    bounds = [f"{bound}.{column}" for bound in ("min", "max") for column in columns]
    wanted = [name for name in ("path", "size_bytes", "num_records", *bounds) if name in actions.columns]
    return [
        LakeFile(
            path=str(folder / action["path"]),
            bytes=action["size_bytes"],
            rows=action.get("num_records") or 0,
            lowest=_known(action, "min", columns),
            highest=_known(action, "max", columns),
        )
        for action in actions.select(wanted).iter_rows(named=True)
    ]


def distinct_values(batch: pa.Table, columns: Sequence[str]) -> dict[str, list[Any]]:
    """The sorted distinct values of each column, as `LakeFile.may_hold` takes them."""
    return {column: sorted(pc.unique(batch[column]).to_pylist()) for column in columns}


def _known(action: Mapping[str, Any], bound: str, columns: Sequence[str]) -> dict[str, Any]:
    values = {column: action.get(f"{bound}.{column}") for column in columns}
    known = {column: value for column, value in values.items() if value is not None}
    if bound == "max":
        # The log cuts times to milliseconds.
        times = {column: value for column, value in known.items() if isinstance(value, datetime)}
        known |= {column: value + timedelta(milliseconds=1) for column, value in times.items()}
    return known
