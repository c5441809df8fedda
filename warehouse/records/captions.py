"""Captions of pictures: those that another classifier already has, and those that the report shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import duckdb

from warehouse.schema.picture_tables import Caption
from warehouse.storage.lake import Lake

COPIED_CAPTIONS = 5_000
"""Captions that are copied in one write."""


def copy_captions(lake: Lake, source: tuple[str, str], target: tuple[str, str]) -> int:
    """Copy captions from one classifier and version to another that lacks them; returns the number of copies."""
    query = """
        select * from captions where classifier = ? and version = ?
          and sha256 not in (select sha256 from captions where classifier = ? and version = ?)"""
    copied = 0
    with lake.reader(query) as reader:
        result = reader.execute(query, [*source, *target])
        while captions := Caption.fetch(result, COPIED_CAPTIONS):
            copied += lake.append([replace(one, classifier=target[0], version=target[1]) for one in captions])
    return copied


def current_captions(
    database: duckdb.DuckDBPyConnection, sha256s: Sequence[str], classifier: str
) -> dict[str, str]:
    """A caption for each of these pictures that has one, by current versions of the classifiers.

    That of `classifier` comes first, then the newest. `database` is the published one.
    """
    rows = database.execute(
        """select sha256, caption from captions semi join classifier_versions using (classifier, version)
           where sha256 in (select unnest($1))
           qualify row_number() over (
               partition by sha256 order by classifier = $2 desc, captioned_at desc, classifier) = 1""",
        [list(sha256s), classifier],
    ).fetchall()
    return dict(rows)
