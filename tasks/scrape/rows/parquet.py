"""The rows of a Parquet file, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from tasks.scrape.counts import Inexact
from tasks.scrape.files.documents import Unreadable
from tasks.scrape.rows.columns import Columns
from tasks.scrape.rows.reading import Raw
from tasks.scrape.rows.schema import VERSION

MAGIC = b"PAR1"
BATCH_ROWS = 1_000
EXACT_NARROW = 2**24
"""Floats of 32 bits are not exact from here on."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parquet_raws(file: Path, columns: Columns) -> Iterator[Raw]:
    """The rows, numbered from 1. Raises `Unreadable`."""
    number = 0
    try:
        frame = pl.scan_parquet(file, glob=False)
        schema = frame.collect_schema()
        fields = {
            name: field
            for name, field in zip(schema, columns.of(schema.names()), strict=True)
            if field is not None
        }
        taken = {name: _Taken.of(schema[name]) for name in fields}
        chosen = [pl.col(name).cast(one.by) if one.by else pl.col(name) for name, one in taken.items()]
        for batch in frame.select(chosen).collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
            for values in batch.iter_rows(named=True):
                number += 1
                row = {fields[name]: taken[name].value(value) for name, value in values.items()}
                yield Raw(number, {"v": VERSION, **row})
    except (
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
        OSError,
        ValueError,
        OverflowError,
    ) as error:
        first = str(error).strip().splitlines()[:1]
        raise Unreadable(
            f"is no Parquet file that can be read behind row {number} ({''.join(first)[:200]})"
        ) from None


@dataclass(frozen=True, slots=True)
class _Taken:
    """How a column is taken: `by` way of another type, for those whose values Python can't have as they are."""

    by: type[pl.DataType] | None
    value: Callable[[Any], Any]

    @classmethod
    def of(cls, kind: pl.DataType) -> _Taken:
        if kind == pl.Float32:
            # Texts have the digits that were meant: 1.903, not 1.9029999971389771.
            return cls(pl.String, _of_narrow)
        if isinstance(kind, pl.Date):
            return cls(pl.Int32, lambda days: _of_time(days, timedelta(days=1)))
        if isinstance(kind, pl.Datetime):
            return cls(pl.Int64, _UNITS[kind.time_unit])
        return cls(None, lambda value: value)


def _of_narrow(text: str | None) -> float | None:
    """A 32-bit float; one that may stand for several whole numbers is `Inexact`."""
    if text is None:
        return None
    number = float(text)
    return Inexact(number) if abs(number) >= EXACT_NARROW else number


def _of_time(units: int | None, unit: timedelta) -> datetime | str | None:
    """So many units after 1970; a text where Python has no such year, so that it costs one cell and not the file."""
    try:
        return None if units is None else _EPOCH + units * unit
    except OverflowError:
        return f"{units} × {unit} after 1970"


_UNITS: dict[str, Callable[[Any], Any]] = {
    "ms": lambda units: _of_time(units, timedelta(milliseconds=1)),
    "us": lambda units: _of_time(units, timedelta(microseconds=1)),
    "ns": lambda units: _of_time(units and units // 1000, timedelta(microseconds=1)),
}
