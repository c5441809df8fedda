"""The derived table `embedding_codes`: a code for each embedding of a classifier's current version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import duckdb
import numpy as np
import pyarrow as pa
from deltalake import DeltaTable

from warehouse.database.derived.changes import (
    ChangesUnknown,
    Computation,
    create_changed,
    reject_losses,
    scan_paths,
)
from warehouse.embeddings.codes import encode
from warehouse.embeddings.vectors import to_vectors
from warehouse.schema.sql_types import quote
from warehouse.schema.tables import TABLES
from warehouse.storage.lake import Lake
from warehouse.storage.lake_files import LakeFile
from warehouse.storage.lake_reader import open_connection

NAME = "embedding_codes"
READ_ROWS = 8192
"""Embeddings in memory at once: 80 MB for 1,280 dimensions."""
WRITE_ROWS = 16 * READ_ROWS
MAX_MERGED_ROWS = 500_000
"""Larger files are not merged again."""
_KEY = ("sha256", "classifier", "version")


def refresh_codes(
    lake: Lake, files: Mapping[str, Sequence[LakeFile]], versions: Sequence[tuple[str, str]]
) -> None:
    """Bring the table up to date with these files and the current versions of the embeddings.

    Only new embeddings are read, unless the versions changed or rows disappeared.
    """
    computation = Computation(
        lake, NAME, {"embeddings": files["embeddings"]}, [list(one) for one in versions]
    )
    with open_connection() as connection, open_connection() as writer:
        if not DeltaTable.is_deltatable(str(lake.folder / NAME)):
            lake.rewrite(NAME, writer, [], [], [])
        try:
            changes = computation.find_changes()["embeddings"]
            reject_losses(connection, "embeddings", changes)
            create_changed(connection, "new_embeddings", "embeddings", changes, _KEY)
            new = f"{scan_paths('embeddings', changes.added)} semi join new_embeddings using ({', '.join(_KEY)})"
        except ChangesUnknown:
            current = lake.list_files(NAME)
            lake.rewrite(NAME, writer, current, current, ["from stored where false"])
            new = scan_paths("embeddings", [file.path for file in files["embeddings"]])
        for classifier, version in versions:
            for codes in _encode_in_portions(connection, new, classifier, version):
                _append(lake, writer, codes)
    computation.record()


def _encode_in_portions(
    connection: duckdb.DuckDBPyConnection, rows: str, classifier: str, version: str
) -> Iterator[pa.Table]:
    """Codes of the embeddings of one version, in portions of about `WRITE_ROWS`."""
    query = f"""select sha256, vector from (from {rows})
                where classifier = {quote(classifier)} and version = {quote(version)}"""
    waiting: list[pa.Table] = []
    for batch in connection.sql(query).to_arrow_reader(READ_ROWS):
        if batch.num_rows:
            codes = encode(to_vectors(batch["vector"]))
            names = [pa.array([name] * batch.num_rows, pa.string()) for name in (classifier, version)]
            bits = [pa.array(np.ascontiguousarray(column)) for column in codes.T]
            waiting.append(pa.Table.from_arrays([batch["sha256"], *names, *bits], schema=TABLES[NAME].schema))
        if sum(table.num_rows for table in waiting) >= WRITE_ROWS:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


def _append(lake: Lake, connection: duckdb.DuckDBPyConnection, codes: pa.Table) -> None:
    """Add new codes, merged with smaller files, so that the table has few files and each row is rewritten rarely."""
    current = lake.list_files(NAME)
    rows, merged = codes.num_rows, []
    for file in sorted(current, key=lambda one: one.rows):
        if file.rows > min(2 * rows, MAX_MERGED_ROWS):
            break
        merged.append(file)
        rows += file.rows
    connection.register("codes", codes)
    lake.rewrite(NAME, connection, current, merged, ["from stored union all by name from codes"])
    connection.unregister("codes")
