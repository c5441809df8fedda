"""A simulated gallery as the database that a forecast reads: posts, observations and labels, in memory.

The accounts are those of `benchmarks/truth/galleries.py`. A watched gallery was observed from its first post on, at the
ages of `AGES`; one that is not was observed once, after the last post.
"""

from __future__ import annotations

from datetime import timedelta

import duckdb
import polars as pl

from benchmarks.truth.galleries import BEGIN, DAYS, Gallery

AGES = (0.5, 1.5, 2.5, 4.5, 8.5, 14.5)
"""Days after a post at which a watched gallery is observed."""
_SCALE_HOURS, _SHAPE = 11.05, 0.6
"""The Weibull share of likes by age: half after six hours, 91 % after two days."""
_CLASSIFIER, _VERSION = "simulated", "1"

_TABLES = """
create table posts as select source, post::varchar as post_id, account, kind, posted_at from rows;
create table observations as select * from seen;
create table latest_observations as
    select source, post_id, max(observed_at) as observed_at, arg_max(likes, observed_at) as likes,
           arg_max(comments, observed_at) as comments, bool_or(likes_hidden) as likes_hidden,
           max(observed_at) as likes_at, max(observed_at) as comments_at
    from observations group by all;
create table post_labels as
    select source, post::varchar as post_id, '{classifier}' as classifier, label, '{version}' as version
    from shown join rows using (post);
create view classifier_versions as select distinct classifier, version from post_labels;
create view post_measures as select null as measure, null as numerator, null as denominator where false;
"""


def make_database(gallery: Gallery, *, watched: bool = True) -> duckdb.DuckDBPyConnection:
    """An open database in memory. Counts that came in before the gallery was observed are not in it."""
    seen = _observe(gallery.posts, AGES if watched else ())
    database = duckdb.connect()
    for name, frame in (("rows", gallery.posts), ("seen", seen), ("shown", gallery.labels)):
        database.register(name, frame.to_arrow())
    database.execute(_TABLES.format(classifier=_CLASSIFIER, version=_VERSION))
    for name in ("rows", "seen", "shown"):
        database.unregister(name)
    return database


def _observe(posts: pl.DataFrame, ages: tuple[float, ...]) -> pl.DataFrame:
    """The observations at these ages that are before the end, or the one at the end."""
    end = BEGIN + timedelta(days=DAYS)
    final = (end - pl.col("posted_at")).dt.total_seconds() / 86_400
    parts = []
    for age in ages or (None,):
        at = final if age is None else pl.lit(age)
        share = _share(at) / _share(final)
        parts.append(
            posts.filter(final >= at).select(
                "source",
                pl.col("post").cast(pl.String).alias("post_id"),
                (pl.col("posted_at") + (at * 86_400e6).cast(pl.Int64).cast(pl.Duration("us"))).alias(
                    "observed_at"
                ),
                (pl.col("value") * share).floor().cast(pl.Int64).alias("likes"),
                (pl.col("comments") * share).floor().cast(pl.Int64).alias("comments"),
                pl.col("value").is_null().alias("likes_hidden"),
            )
        )
    return pl.concat(parts)


def _share(days: pl.Expr) -> pl.Expr:
    """The share of likes that have come in at an age."""
    return 1 - (-((days * 24 / _SCALE_HOURS) ** _SHAPE)).exp()
