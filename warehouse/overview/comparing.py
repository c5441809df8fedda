"""Comparison of two classifiers, as Polars frames from the published database's views and macros."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from warehouse.database.sql_comparing import TOP
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
