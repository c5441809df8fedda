"""The tables `lifts` and `compared_posts`: publish computes them again when the data or the method changed since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import duckdb

from warehouse.ranking.comparable_ages import read_comparable_days
from warehouse.ranking.comparable_posts import STORED_COUNTS, comparable_posts
from warehouse.ranking.labelled_classifiers import labelled_classifiers
from warehouse.ranking.measures import STORED_BY
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.schema.derived_tables import ComparedPosts, LabelLift
from warehouse.storage.lake import Lake
from warehouse.storage.lake_files import LakeFile

METHOD = 3
"""Increase it when a change of the method changes numbers: then publish computes all lifts again."""
_SOURCES = ("posts", "observations", "post_pictures", "labels", "label_groups")


def refresh_lifts(
    lake: Lake, connection: duckdb.DuckDBPyConnection, files: Mapping[str, Sequence[LakeFile]]
) -> None:
    """Replace the rows of both tables, unless they were computed from these files of the other tables.

    `connection` has the views of the database over the same files.
    """
    computed_from = _hash_inputs(connection, files)
    stored = [
        lake.query(f"select distinct computed_from from {table}") for table in ("lifts", "compared_posts")
    ]
    if stored != [[(computed_from,)]] * len(stored):
        lifts, compared = compute_lifts(connection, datetime.now(UTC), computed_from)
        # A ranking without its counts computes them; counts without their ranking would be wrong.
        lake.replace(ComparedPosts, [])
        lake.replace(LabelLift, lifts)
        lake.replace(ComparedPosts, compared)


def compute_lifts(
    connection: duckdb.DuckDBPyConnection, computed_at: datetime, computed_from: str
) -> tuple[list[LabelLift], list[ComparedPosts]]:
    """The rows of both tables from the views of the database."""
    # SciPy takes a third of a second to import.
    from warehouse.ranking.lift_rankings import all_lifts, number_alike, read_both_labels

    days = {by: read_comparable_days(connection, by) for by in STORED_BY}
    with_groups = connection.execute("select distinct classifier from label_groups").fetchall()
    rows, compared = [], []
    for classifier in labelled_classifiers(connection):
        questions = {by: RankingQuery(classifier, by, "lift") for by in STORED_BY}
        found = [comparable_posts(connection, one, days=days[by]) for by, one in questions.items()]
        counts = [comparable.counts for comparable in found]
        every, numbered = number_alike([comparable.posts for comparable in found])
        del found  # a million posts take some 100 MB
        labels = read_both_labels(connection, classifier, every)
        for question, counted, posts in zip(questions.values(), counts, numbered, strict=True):
            compared.append(
                ComparedPosts(
                    classifier=classifier,
                    measure=question.by,
                    computed_from=computed_from,
                    **{field: getattr(counted, field) for field in STORED_COUNTS},
                )
            )
            lifts = groups = all_lifts(connection, question, posts, labels[False])
            if (classifier,) in with_groups:
                groups = all_lifts(connection, replace(question, grouped=True), posts, labels[True])
            rows += [
                LabelLift(
                    classifier=classifier,
                    measure=question.by,
                    grouped=grouped,
                    computed_at=computed_at,
                    computed_from=computed_from,
                    **values,
                )
                for grouped, frame in ((False, lifts), (True, groups))
                for values in frame.iter_rows(named=True)
            ]
    return rows, compared


def _hash_inputs(connection: duckdb.DuckDBPyConnection, files: Mapping[str, Sequence[LakeFile]]) -> str:
    """A hash of all that the lifts depend on. A file's name is unique, and its content never changes."""
    names = {table: sorted(file.name for file in files[table]) for table in _SOURCES}
    versions = connection.execute("select * from classifier_versions order by all").fetchall()
    return hashlib.sha256(json.dumps([METHOD, names, versions]).encode()).hexdigest()
