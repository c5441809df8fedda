"""Commits that replace some files of a table by others, which deltalake's Python interface does not offer.

A file of the log (the Delta protocol, 'Delta log entries') names the removed and the added files. The table's lock is
held, and a version's log file is never overwritten, so a commit is complete or absent.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError

from warehouse.schema.table_schema import Table

GROUP_ROWS = 122_880
"""Rows of a row group, which DuckDB and Polars read or skip at once; DuckDB has as many in its own."""
UNFINISHED = "*.tmp"
"""Files that a killed writer leaves in a log."""
_STATISTICS_TYPES = (pa.string(), pa.int64())


@dataclass(frozen=True, slots=True)
class NewFile:
    """A written file that no version of the table has yet."""

    name: str
    bytes: int
    statistics: str


def write_rows(
    folder: Path, rows: pa.Table, mode: Literal["append", "overwrite"], group_rows: int | None = None
) -> None:
    """Commit the rows to a table, which may have more columns.

    They go without the comments of their columns: Delta refuses comments that are not those of the table, and these
    are of the likelens that made it.
    """
    plain = rows.cast(pa.schema([field.remove_metadata() for field in rows.schema]))
    properties = WriterProperties(max_row_group_size=group_rows or GROUP_ROWS, compression="SNAPPY")
    write_deltalake(str(folder), plain, mode=mode, schema_mode="merge", writer_properties=properties)


def write_files(
    folder: Path, table: Table, batches: Iterable[pa.RecordBatch], rows_per_file: int
) -> list[NewFile]:
    """Write the rows in their order into files of so many rows; a small rest goes into the last file."""
    written: list[NewFile] = []
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        waiting.append(batch)
        count += batch.num_rows
        while count >= 1.5 * rows_per_file:
            rows = pa.Table.from_batches(waiting)
            written.append(_write_file(folder, table, rows.slice(0, rows_per_file)))
            waiting = rows.slice(rows_per_file).to_batches()
            count -= rows_per_file
    if count:
        written.append(_write_file(folder, table, pa.Table.from_batches(waiting)))
    return written


def commit_files(
    folder: Path, version: int, removed: Sequence[str], added: Sequence[NewFile], *, changes: bool
) -> None:
    """Commit the version after `version`, in which the added files replace the removed ones.

    `changes` is false where the rows are the same. Raises `CommitFailedError` when another writer was faster.
    """
    now = time.time_ns() // 1_000_000
    mode = "Overwrite" if removed else "Append"
    header = {"timestamp": now, "operation": "WRITE", "operationParameters": {"mode": mode}}
    actions: list[dict[str, Any]] = [{"commitInfo": header | {"engineInfo": "likelens"}}]
    actions += [
        {"remove": {"path": name, "deletionTimestamp": now, "dataChange": changes, "partitionValues": {}}}
        for name in removed
    ]
    actions += [
        {
            "add": {
                "path": file.name,
                "partitionValues": {},
                "size": file.bytes,
                "modificationTime": now,
                "dataChange": changes,
                "stats": file.statistics,
            }
        }
        for file in added
    ]
    log = folder / "_delta_log"
    temporary = log / f"{uuid.uuid4()}.tmp"
    temporary.write_text("".join(_to_json_line(action) + "\n" for action in actions), encoding="utf-8")
    try:
        os.link(temporary, log / f"{version + 1:020d}.json")
    except FileExistsError as error:
        raise CommitFailedError(f"version {version + 1} exists") from error
    finally:
        temporary.unlink()


def _write_file(folder: Path, table: Table, rows: pa.Table) -> NewFile:
    # A table that a newer likelens made has more columns.
    more = [name for name in rows.column_names if name not in table.schema.names]
    rows = rows.select([*table.schema.names, *more]).cast(
        pa.schema([*table.schema, *(rows.schema.field(name) for name in more)])
    )
    name = f"part-{uuid.uuid4()}.parquet"
    pq.write_table(
        rows,
        folder / name,
        row_group_size=table.group_rows or GROUP_ROWS,
        compression="snappy",
        use_dictionary=table.dictionary or ["classifier", "version"],
    )
    return NewFile(name, (folder / name).stat().st_size, _to_json_line(_statistics(rows, table)))


def _statistics(rows: pa.Table, table: Table) -> dict[str, Any]:
    """Number of rows and of nulls, and the smallest and largest value of each time and of the key.

    The numbers of nulls say which columns the file has, so that a reader need not open it for that.
    """
    columns = [
        field.name
        for field in rows.schema
        if pa.types.is_timestamp(field.type) or (field.name in table.key and field.type in _STATISTICS_TYPES)
    ]
    bounds = {name: pc.min_max(rows[name]).as_py() for name in columns}
    known = {name: both for name, both in bounds.items() if both["min"] is not None}
    return {
        "numRecords": rows.num_rows,
        "minValues": {name: _to_json_value(both["min"]) for name, both in known.items()},
        "maxValues": {name: _to_json_value(both["max"]) for name, both in known.items()},
        "nullCount": {
            field.name: rows[field.name].null_count
            for field in rows.schema
            if not pa.types.is_nested(field.type)
        },
    }


def _to_json_line(values: dict[str, Any]) -> str:
    # Without escapes: the Delta library reads those of characters from U+20000 as other characters.
    return json.dumps(values, ensure_ascii=False)


def _to_json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return value
