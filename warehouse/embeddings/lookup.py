"""Which embeddings the published database has, and a stored picture's hash and vector."""

from __future__ import annotations

import duckdb
import numpy as np
from numpy.typing import NDArray

MAX_AMBIGUOUS = 2


def current_versions(database: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The current version of each classifier that has embeddings, by its name.

    Empty for a database that a likelens without embeddings published.
    """
    try:
        rows = database.execute(
            """select classifier, version from embedding_versions
               where exists (from embedding_codes as codes where codes.classifier = embedding_versions.classifier
                             and codes.version = embedding_versions.version) order by classifier"""
        ).fetchall()
    except duckdb.CatalogException:
        return {}
    return {str(classifier): str(version) for classifier, version in rows}


def has_near_duplicates(database: duckdb.DuckDBPyConnection) -> bool:
    """Whether the database has the table `near_duplicates`, which that of an older likelens lacks."""
    query = "select 1 from duckdb_views() where view_name = 'near_duplicates' and not internal"
    return database.execute(query).fetchone() is not None


def find_hashes(database: duckdb.DuckDBPyConnection, prefix: str) -> list[str]:
    """The hashes of at most `MAX_AMBIGUOUS` stored pictures that begin so."""
    rows = database.execute(
        "select sha256 from pictures where starts_with(sha256, ?) order by sha256 limit ?",
        [prefix.lower(), MAX_AMBIGUOUS],
    ).fetchall()
    return [str(sha256) for (sha256,) in rows]


def stored_vector(
    database: duckdb.DuckDBPyConnection, sha256: str, classifier: str, version: str
) -> NDArray[np.float16] | None:
    """The picture's embedding of this version, or None."""
    row = database.execute(
        "select vector from embeddings where sha256 = ? and classifier = ? and version = ?",
        [sha256, classifier, version],
    ).fetchone()
    return None if row is None else np.array(row[0], np.float16)
