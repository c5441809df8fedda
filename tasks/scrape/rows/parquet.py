"""The rows of a Parquet file, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from tasks.scrape.files.documents import Unreadable
from tasks.scrape.rows.cells import from_column
from tasks.scrape.rows.checking import BadRow
from tasks.scrape.rows.columns import Columns
from tasks.scrape.rows.reading import Raw
from tasks.scrape.rows.schema import VERSION

MAGIC = b"PAR1"
BATCH_ROWS = 1_000


def parquet_raws(file: Path, columns: Columns) -> Iterator[Raw]:
    """The rows, numbered from 1. Raises `Unreadable`."""
    number = 0
    try:
        frame = pl.scan_parquet(file, glob=False)
        names = frame.collect_schema().names()
        fields = {
            name: field for name, field in zip(names, columns.of(names), strict=True) if field is not None
        }
        for batch in frame.select(list(fields)).collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
            for values in batch.iter_rows(named=True):
                number += 1
                yield _raw(number, {fields[name]: value for name, value in values.items()})
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        first = str(error).strip().splitlines()[:1]
        raise Unreadable(
            f"is no Parquet file that can be read behind row {number} ({''.join(first)[:200]})"
        ) from None


def _raw(number: int, values: dict[str, Any]) -> Raw:
    try:
        row: dict[str, Any] = {"v": VERSION}
        for field, value in values.items():
            row |= from_column(field, value)
        return Raw(number, row)
    except (BadRow, ValueError, ArithmeticError) as error:
        return Raw(number, {}, error if isinstance(error, BadRow) else BadRow("", str(error)))
