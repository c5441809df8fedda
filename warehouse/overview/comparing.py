"""Comparison of two classifiers, as Polars frames with the rows of the published database's views and macros."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import duckdb
import polars as pl

from warehouse.frames import read_frame
from warehouse.home import Home
from warehouse.overview.pair_tables import DISAGREEMENTS, LABELS, PAIRS, create_pair_tables
from warehouse.published import published
from warehouse.ranking.measures import By

# A table of the connection hides the view of the same name.
_LABEL_NAMES = "create temp table label_names as from label_names"


@dataclass(frozen=True, slots=True)
class Comparison:
    """How far two classifiers agree.

    `pairs` has one row (none if no picture has labels of both), `labels` one for each name, `pictures` one for each
    of the largest disagreements, and `worth` one for each classifier. docs/tables.md has the columns.
    """

    pairs: pl.DataFrame
    labels: pl.DataFrame
    pictures: pl.DataFrame
    worth: pl.DataFrame


def compare(home: Home, one: str, other: str, by: By = "likes", pictures: int = 10) -> Comparison:
    """Compare two classifiers; rankings are by mean likes or comments, or by number of posts.

    Raises `NotPublished` when there is no database.
    """
    with published(home) as database:
        database.execute(_LABEL_NAMES)
        create_pair_tables(database, (one, other), by)
        return _read_pair(database, (one, other), (one, other), pictures)


def compare_all(
    home: Home, classifiers: Sequence[str], by: By = "likes", pictures: int = 10
) -> Iterator[tuple[str, str, Comparison]]:
    """Compare each pair of the classifiers that has a name in common, as `compare` does.

    What all pairs need is computed once. Raises `NotPublished` when there is no database.
    """
    with published(home) as database:
        database.execute(_LABEL_NAMES)
        named = database.execute(
            """select distinct a.classifier, b.classifier from label_names a join label_names b using (name)
               where a.classifier <> b.classifier"""
        ).fetchall()
        pairs = [pair for pair in combinations(classifiers, 2) if pair in named]
        if not pairs:
            return
        compared = [name for name in classifiers if any(name in pair for pair in pairs)]
        create_pair_tables(database, compared, by)
        database.execute("create temp table classifier_worth as from classifier_worth")
        for pair in pairs:
            yield *pair, _read_pair(database, pair, compared, pictures)


def _read_pair(
    database: duckdb.DuckDBPyConnection, pair: tuple[str, str], classifiers: Sequence[str], pictures: int
) -> Comparison:
    """The comparison of two of the classifiers that the tables hold."""
    places = {"one": classifiers.index(pair[0]), "other": classifiers.index(pair[1])}
    names = {"first": pair[0], "second": pair[1]}
    return Comparison(
        read_frame(database.sql(PAIRS, params=places | names)),
        read_frame(database.sql(LABELS, params=places)),
        read_frame(database.sql(DISAGREEMENTS, params=places | {"n": pictures})),
        _read_worth(database, *pair),
    )


def _read_worth(database: duckdb.DuckDBPyConnection, one: str, other: str) -> pl.DataFrame:
    query = "select * from classifier_worth where classifier in ($1, $2) order by classifier <> $1"
    worth: pl.DataFrame = database.sql(query, params=[one, other]).pl()
    return worth
