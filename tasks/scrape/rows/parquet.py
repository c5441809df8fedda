"""The rows of a Parquet file, one batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
from polars.exceptions import PanicException, PolarsError

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
            name: field for name, field in zip(schema, columns.of(schema.names()), strict=True) if field
        }
        readers = {name: _reader(name, schema[name]) for name in fields}
        frame = frame.select(column for column, _ in readers.values())
        for batch in frame.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
            for values in batch.iter_rows(named=True):
                number += 1
                row = {fields[name]: readers[name][1](value) for name, value in values.items()}
                yield RawRow(number, {"v": VERSION, **row})
    except (PolarsError, PanicException, OSError, ValueError, OverflowError) as error:
        first = str(error).strip().splitlines()[:1]
        raise UnreadableFile(
            f"is not a Parquet file that can be read behind row {number} ({''.join(first)[:200]})"
        ) from None


def _reader(name: str, kind: pl.DataType) -> tuple[pl.Expr, Callable[[Any], Any]]:
    """A column, cast where Python can't represent its values, and the conversion of each value."""
    column = pl.col(name)
    if kind == pl.Float32:
        # Text has the digits that were meant: 1.903, not 1.9029999971389771.
        return column.cast(pl.String), _from_float32
    if isinstance(kind, pl.Date):
        return column.cast(pl.Int32), partial(_time_after_epoch, timedelta(days=1))
    if isinstance(kind, pl.Datetime):
        if kind.time_unit == "ms":
            return column.cast(pl.Int64), partial(_time_after_epoch, timedelta(milliseconds=1))
        return column.dt.cast_time_unit("us").cast(pl.Int64), partial(
            _time_after_epoch, timedelta(microseconds=1)
        )
    return column, lambda value: value


def _from_float32(text: str | None) -> float | None:
    """A 32-bit float; one that may stand for several whole numbers is `InexactFloat`."""
    if text is None:
        return None
    number = float(text)
    return InexactFloat(number) if abs(number) >= EXACT_NARROW else number


def _time_after_epoch(unit: timedelta, units: int | None) -> datetime | str | None:
    """A time after 1970; text where Python has no such year, so that only the cell is lost and not the file."""
    try:
        return None if units is None else _EPOCH + units * unit
    except OverflowError:
        return f"{units} × {unit} after 1970"
