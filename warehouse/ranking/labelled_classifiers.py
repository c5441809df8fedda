"""Which classifiers have labels."""

from __future__ import annotations

import duckdb

_HAS_LABELS = "select 1 from labels where classifier = ? and version = ? limit 1"


def labelled_classifiers(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The names of the classifiers with labels of their current version, in alphabetical order.

    One row of each is enough: to list the names of all rows reads a column of all labels.
    """
    versions = connection.execute("select classifier, version from classifier_versions order by 1").fetchall()
    return [
        classifier
        for classifier, version in versions
        if connection.execute(_HAS_LABELS, [classifier, version]).fetchone() is not None
    ]
