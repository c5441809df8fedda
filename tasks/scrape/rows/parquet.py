"""The rows of a Parquet file, one batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from tasks.scrape.files.documents import UnreadableFile
from tasks.scrape.rows.columns import ColumnMapping
from tasks.scrape.rows.file_reader import RawRow
from tasks.scrape.rows.schema import VERSION
from tasks.scrape.values.counts import InexactFloat

MAGIC = b"PAR1"
BATCH_ROWS = 1_000
EXACT_NARROW = 2**24
"""32-bit floats are not exact from here on."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_parquet_rows(file: Path, columns: ColumnMapping) -> Iterator[RawRow]:
    """Read the rows, numbered from 1. Raises `UnreadableFile`."""
    number = 0
    try:
        frame = pl.scan_parquet(file, glob=False)
        schema = frame.collect_schema()
        fields = {
            name: field
            for name, field in zip(schema, columns.of(schema.names()), strict=True)
            if field is not None
        }
        readers = {name: _ColumnReader.for_type(schema[name]) for name in fields}
        selection = [
            pl.col(name).cast(one.cast) if one.cast else pl.col(name) for name, one in readers.items()
        ]
        for batch in frame.select(selection).collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
            for values in batch.iter_rows(named=True):
                number += 1
                row = {fields[name]: readers[name].convert(value) for name, value in values.items()}
                yield RawRow(number, {"v": VERSION, **row})
    except (
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
        OSError,
        ValueError,
        OverflowError,
    ) as error:
        first = str(error).strip().splitlines()[:1]
        raise UnreadableFile(
            f"is not a Parquet file that can be read behind row {number} ({''.join(first)[:200]})"
        ) from None


@dataclass(frozen=True, slots=True)
class _ColumnReader:
    """How a column is read: with a `cast` where Python can't represent its values, then converted."""

    cast: type[pl.DataType] | None
    convert: Callable[[Any], Any]

    @classmethod
    def for_type(cls, kind: pl.DataType) -> _ColumnReader:
        if kind == pl.Float32:
            # Text has the digits that were meant: 1.903, not 1.9029999971389771.
            return cls(pl.String, _from_float32)
        if isinstance(kind, pl.Date):
            return cls(pl.Int32, lambda days: _time_after_epoch(days, timedelta(days=1)))
        if isinstance(kind, pl.Datetime):
            return cls(pl.Int64, _UNITS[kind.time_unit])
        return cls(None, lambda value: value)


def _from_float32(text: str | None) -> float | None:
    """A 32-bit float; one that may stand for several whole numbers is `InexactFloat`."""
    if text is None:
        return None
    number = float(text)
    return InexactFloat(number) if abs(number) >= EXACT_NARROW else number


def _time_after_epoch(units: int | None, unit: timedelta) -> datetime | str | None:
    """A time after 1970; text where Python has no such year, so that only the cell is lost and not the file."""
    try:
        return None if units is None else _EPOCH + units * unit
    except OverflowError:
        return f"{units} × {unit} after 1970"


_UNITS: dict[str, Callable[[Any], Any]] = {
    "ms": lambda units: _time_after_epoch(units, timedelta(milliseconds=1)),
    "us": lambda units: _time_after_epoch(units, timedelta(microseconds=1)),
    "ns": lambda units: _time_after_epoch(units and units // 1000, timedelta(microseconds=1)),
}
