"""What the report says beside its rankings: pairs of labels, and labels whose lift has changed, from posts read once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta

import duckdb
import polars as pl

from warehouse.ranking.lift.pairs import JOIN
from warehouse.ranking.lift_changes import all_changes
from warehouse.ranking.lift_rankings import all_lifts
from warehouse.ranking.ranking_query import RankingQuery

MAX_PAIR_POSTS = 10_000
"""The newest posts whose pairs are compared: there are many more pairs than labels."""
MAX_OVERLAP = 0.9
"""A pair that more of the posts of one of its labels have is that label again."""
PERIOD_DAYS, MIN_PERIOD_DAYS = 90, 14

_COLUMNS = ("label", "posts", "accounts", "lift", "low", "high", "p", "q")
_STORED = f"""select {", ".join(_COLUMNS)} from lifts
             where classifier = $classifier and measure = 'likes' and grouped = $grouped and posts >= $least
               and lift is not null order by low desc, label"""
_LABELLED = "select distinct source, post_id from post_labels where classifier = $classifier"


@dataclass(frozen=True, slots=True)
class Period:
    """The days that are compared with as many days before them; both ends are included (UTC)."""

    since: date
    until: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.until - self.since).days + 1


def default_period(posts: pl.DataFrame) -> Period | None:
    """The last 90 days up to the newest post, or half of the days with posts; None if that is less than 14 days."""
    dates = posts["posted_at"].drop_nulls().dt.date()
    if dates.is_empty():
        return None
    first, last = dates.min(), dates.max()
    assert isinstance(first, date), "there is a date"
    assert isinstance(last, date), "there is a date"
    days = min(PERIOD_DAYS, ((last - first).days + 1) // 2)
    return Period(last - timedelta(days=days - 1), last) if days >= MIN_PERIOD_DAYS else None


def labelled_posts(
    connection: duckdb.DuckDBPyConnection, classifier: str, posts: pl.DataFrame
) -> pl.DataFrame:
    """Those of the posts that the classifier has labelled."""
    keys = connection.sql(_LABELLED, params={"classifier": classifier}).pl()
    return posts.join(keys, on=["source", "post_id"], how="semi", maintain_order="left")


def label_lifts(
    connection: duckdb.DuckDBPyConnection, question: RankingQuery, posts: pl.DataFrame
) -> pl.DataFrame:
    """The lifts in likes of all labels with enough posts, best lower end first.

    Those of all posts come from the table `lifts`; they are empty where an older likelens published the database, without
    that table. Those of a part, such as an account or a period, are computed from `posts`: labelled ones of the part.
    """
    if not question.is_stored:
        enough = (pl.col("posts") >= question.least_posts) & pl.col("lift").is_not_null()
        lifts = all_lifts(connection, question, posts).filter(enough)
        return lifts.select(_COLUMNS).sort("low", "label", descending=[True, False])
    values = {
        "classifier": question.classifier,
        "grouped": question.grouped,
        "least": question.least_posts,
    }
    with suppress(duckdb.CatalogException):
        stored: pl.DataFrame = connection.sql(_STORED, params=values).pl()
        return stored
    return pl.DataFrame(schema={"label": pl.String, "posts": pl.Int64, "low": pl.Float64})


def pair_lifts(
    connection: duckdb.DuckDBPyConnection, question: RankingQuery, posts: pl.DataFrame, labels: pl.DataFrame
) -> pl.DataFrame:
    """The lifts of pairs of labels with enough posts among the newest `MAX_PAIR_POSTS`, best lower end first.

    `posts` are labelled ones, newest first, and `labels` the lifts of the labels alone: `alone` and `other_alone` are
    those of a pair. A pair that nearly all posts of one of its labels have is left out. `q` is corrected for the number
    of all pairs.
    """
    newest = posts.head(MAX_PAIR_POSTS)
    pairs = all_lifts(connection, replace(question, pairs=True), newest)
    names = pl.col("label").str.split(JOIN)
    # A name with the sign in it can't be distinguished from a pair, so its pairs are left out.
    split = pairs.filter(names.list.len() == 2).with_columns(one=names.list.get(0), other=names.list.get(1))
    share = len(newest) / max(1, len(posts))
    alone = labels.select("label", "lift", "posts")
    known = split.join(alone.rename({"label": "one", "lift": "alone", "posts": "one_posts"}), on="one").join(
        alone.rename({"label": "other", "lift": "other_alone", "posts": "other_posts"}), on="other"
    )
    smaller = pl.min_horizontal("one_posts", "other_posts") * share
    return known.filter(
        (pl.col("posts") >= question.least_posts)
        & pl.col("lift").is_not_null()
        & (pl.col("posts") <= MAX_OVERLAP * smaller)
    ).sort("low", "label", descending=[True, False])


def label_changes(
    connection: duckdb.DuckDBPyConnection, question: RankingQuery, posts: pl.DataFrame, period: Period
) -> pl.DataFrame:
    """The changes of the lifts of labels with enough posts in both periods, the most certain first.

    They are those of `likelens rank --against-before`; `posts` are labelled ones.
    """
    asked = replace(question, since=period.since, until=period.until, against_before=True)
    changes = all_changes(connection, asked, posts)
    enough = pl.min_horizontal("posts", "posts_before") >= question.least_posts
    return changes.filter(enough).sort("p", "label")
