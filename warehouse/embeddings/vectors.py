"""Embeddings between NumPy and the lake, without a Python object for each number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from warehouse.schema.picture_tables import Embedding
from warehouse.schema.sql_types import quote
from warehouse.schema.tables import TABLES
from warehouse.storage.lake import Lake
from warehouse.storage.lake_reader import scan

Vectors = NDArray[np.float16]
"""Embeddings of one version, shape (pictures, dimensions)."""


@dataclass(frozen=True, slots=True)
class EmbeddingBatch:
    """Hashes of pictures, and their embeddings in the same order."""

    hashes: list[str]
    vectors: Vectors


def append_embeddings(
    lake: Lake, classifier: str, version: str, hashes: Sequence[str], vectors: Vectors
) -> int:
    """Add the embeddings that the table does not have; returns their number.

    Numbers that are not finite become 0 or the largest float16, so that every stored vector can be compared.
    """
    if not hashes:
        return 0
    rows, dimensions = vectors.shape
    finite = np.nan_to_num(vectors.astype(np.float16, copy=False), nan=0.0)
    numbers = pa.array(finite.astype(np.float32).reshape(-1))
    offsets = pa.array(np.arange(0, rows * dimensions + 1, dimensions, dtype=np.int32))
    columns = {
        "sha256": pa.array(hashes, pa.string()),
        "classifier": pa.array([classifier] * rows, pa.string()),
        "version": pa.array([version] * rows, pa.string()),
        "vector": pa.ListArray.from_arrays(offsets, numbers),
    }
    table = TABLES[Embedding.table]
    return lake.append_arrow(table.name, pa.Table.from_pydict(columns, schema=table.schema))


def read_embeddings(
    lake: Lake, classifier: str, version: str, condition: str, values: Sequence[object], batch: int
) -> Iterator[EmbeddingBatch]:
    """Stored embeddings whose `sha256` satisfies the SQL condition, in batches of about so many pictures.

    The condition can name the lake's tables. Only files that can have rows of the version are read, and of these
    the table stays at its current version meanwhile. Batches come in no order.
    """
    table = TABLES[Embedding.table]
    bounds = {"classifier": [classifier], "version": [version]}
    files = [file.path for file in lake.list_files(table.name) if file.may_hold(bounds)]
    if not files:
        return
    query = f"""select sha256, vector from {scan(files, table)} as stored
                where classifier = {quote(classifier)} and version = {quote(version)} and {condition}"""
    with lake.reader(condition) as reader:
        for found in reader.sql(query, params=list(values)).to_arrow_reader(batch):
            if found.num_rows:
                yield EmbeddingBatch(found["sha256"].to_pylist(), to_vectors(found["vector"]))


def to_vectors(column: pa.Array) -> Vectors:
    """A column of lists of the same length as an array. Raises `ValueError` if their lengths differ."""
    lengths = np.diff(column.offsets.to_numpy())
    if len(lengths) and (lengths != lengths[0]).any():
        raise ValueError("the embeddings have different lengths")
    vectors: Vectors = column.flatten().to_numpy().reshape(len(lengths), -1).astype(np.float16)
    return vectors


def count_embeddings(lake: Lake, classifier: str, version: str | None = None) -> int:
    """Number of stored embeddings of the classifier, in this version or in any."""
    return lake.count(
        "select count(*) from embeddings where classifier = $1 and ($2 is null or version = $2)",
        [classifier, version],
    )
