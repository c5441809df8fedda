"""Comparison of two classifiers, as Polars frames from the published database's views and macros."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import duckdb
import polars as pl

from warehouse.database.sql_comparing import COMPARING_MACROS, TOP
from warehouse.home import Home
from warehouse.published import published
from warehouse.ranking.measures import By


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
        return _compare(database, one, other, by, pictures)


def compare_all(
    home: Home, classifiers: Sequence[str], by: By = "likes", pictures: int = 10
) -> Iterator[tuple[str, str, Comparison]]:
    """Compare each pair of the classifiers that has a name in common, as `compare` does.

    What all pairs need is computed once. Raises `NotPublished` when there is no database.
    """
    with published(home) as database:
        # Tables of the connection hide the views of the same names, for other views and for its own macros.
        database.execute("create temp table label_names as from label_names")
        named = database.execute(
            """select distinct a.classifier, b.classifier from label_names a join label_names b using (name)
               where a.classifier <> b.classifier"""
        ).fetchall()
        pairs = [pair for pair in combinations(classifiers, 2) if pair in named]
        if not pairs:
            return
        database.execute(
            f"""create temp table picture_names as from picture_names
                where place <= {TOP} and classifier in (select unnest($1))""",
            [sorted({name for pair in pairs for name in pair})],
        )
        for view in ("classifier_pairs", "classifier_worth"):
            database.execute(f"create temp table {view} as from {view}")
        for macro in COMPARING_MACROS:
            database.execute(f"create temp macro {macro.name}({macro.parameters}) as table {macro.query}")
        for one, other in pairs:
            yield one, other, _compare(database, one, other, by, pictures)


def _compare(database: duckdb.DuckDBPyConnection, one: str, other: str, by: By, pictures: int) -> Comparison:
    pairs = database.sql(
        """select $1 as classifier, $2 as other, pictures, agreeing, share, names_in_common
           from classifier_pairs where (classifier, other) in (($1, $2), ($2, $1))""",
        params=[one, other],
    ).pl()
    labels = database.sql(
        f"""select * from compared_labels($1, other := $2, "by" := $3, k := {TOP})""",
        params=[one, other, by],
    ).pl()
    apart = database.sql(
        f"select * from disagreements($1, other := $2, n := $3, k := {TOP})",
        params=[one, other, pictures],
    ).pl()
    worth = database.sql(
        "select * from classifier_worth where classifier in ($1, $2) order by classifier <> $1",
        params=[one, other],
    ).pl()
    return Comparison(pairs, labels, apart, worth)
