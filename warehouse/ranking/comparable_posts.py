"""Which posts a ranking counts or compares, and how many it leaves out for which reason.

They are those that the classifier has labelled and whose number is known. A ranking by lift also leaves out a post that
was too young when its number was last observed, because its likes were still coming in.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING

import duckdb

from warehouse.frames import read_frame
from warehouse.ranking.comparable_ages import read_comparable_days
from warehouse.ranking.measures import measure_rows
from warehouse.ranking.newest_posts import MAX_COMPARED_POSTS, find_newest, stored_posts
from warehouse.ranking.past import ensure_measures
from warehouse.ranking.ranking_query import EXCLUSIONS, RankingQuery

if TYPE_CHECKING:
    import polars as pl

_MICROSECONDS_A_DAY = 86_400_000_000

_FIRST_LABELS = "from post_labels where classifier = $classifier and first_label"
_LABELLED = f"semi join (select source, post_id {_FIRST_LABELS}) using (source, post_id)"
_LABELLED_SINCE = f"""semi join (select source, post_id {_FIRST_LABELS} and {{since}}) using (source, post_id)
                      where {{since}}"""
_POSTS = """select source, post_id, account, kind, posted_at, counted_at, {value} as value,
                    coalesce(rounded, false) as rounded, {hidden} as hidden, {sliced} as sliced{counts}
             from {posts} {measured}"""
_CHOSEN = "select * from posts {labelled} where {where}"
_MEASURED = """left join (select source, post_id, value, counted_at, rounded, numerator, denominator
                          from ({rows})) using (source, post_id)"""
_UNMEASURED = "cross join (select null::timestamp as counted_at, false as rounded)"
_HIDDEN = """value is null and (source, post_id) in
                 (select (source, post_id) from latest_observations where likes_hidden)"""
_NEWEST_FIRST = "order by posted_at desc nulls last, source, post_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostCounts:
    """How many posts a ranking counts, and how many it leaves out for which reason.

    `sliced` of the `counted` ones are of the chosen weekdays and hours; None where all are. `without_date` of them
    have no date, and `rounded` have a rounded number. `excluded` are those that the question leaves out, by what
    they are. `age` is the age of posts that are old enough, in words. The counted posts are of so many `accounts`, the first
    one was posted at `since` and the last one at `until` (UTC; None without a dated post).
    """

    counted: int
    hidden: int
    unknown: int
    lacking: str
    rounded: int
    excluded: dict[str, int]
    sliced: int | None = None
    young: int = 0
    age: str = ""
    old: int = 0
    without_date: int = 0
    accounts: int = 0
    since: datetime | None = None
    until: datetime | None = None

    def describe(self, verb: str = "counted") -> str:
        """One or a few sentences for the user; a ranking by lift has compared the posts."""
        left_out = {
            f"younger than {self.age} when last observed": self.young,
            "with hidden likes": self.hidden,
            self.lacking: self.unknown,
            f"older than the newest {MAX_COMPARED_POSTS:,}": self.old,
            **self.excluded,
        }
        reasons = [f"{number:,} {reason}" for reason, number in left_out.items() if number]
        chosen = "" if self.sliced is None else f", {self.sliced:,} of them in the chosen weekdays and hours"
        texts = [f"{_count(self.counted, 'post')} {verb}{chosen}; left out: {', '.join(reasons) or 'none'}."]
        for number, what in ((self.without_date, "no date"), (self.rounded, "a rounded number")):
            if number:
                texts.append(f"{number:,} of the posts {'has' if number == 1 else 'have'} {what}.")
        return " ".join(texts)


STORED_COUNTS = tuple(
    field.name for field in fields(PostCounts) if field.name not in ("lacking", "excluded", "sliced")
)
"""The fields that the table `compared_posts` has for the rankings of the table `lifts`; these have no others."""


@dataclass(frozen=True, slots=True)
class Comparable:
    """The posts that a ranking by lift compares.

    `days` is for each source the age from which its posts count. `posts` has the columns that `estimate_lifts` takes,
    and `sliced`: whether the post is of the chosen weekdays and hours. The others are compared with these. A ratio
    of two counts also has these, `numerator` and `denominator`.
    """

    posts: pl.DataFrame
    days: dict[str, int]
    counts: PostCounts


def comparable_posts(
    connection: duckdb.DuckDBPyConnection,
    question: RankingQuery,
    *,
    labelled: bool = True,
    days: Mapping[str, int] | None = None,
) -> Comparable:
    """Read the posts of a question by lift from the published database, and leave out those that can't be compared.

    The newest posts are first. Without `labelled` posts without a label of the classifier are compared too. `days` are
    those of `read_comparable_days` for the measure, where the caller has them.
    """
    import polars as pl

    from warehouse.ranking.lift.age import DEFAULT_DAYS

    ensure_measures(connection)
    chosen, values = _choose(question, labelled=labelled, slices=False)
    older = 0
    if stored_posts(connection) > MAX_COMPARED_POSTS:
        chosen, older = _choose_newest(connection, chosen, values)
    if question.sliced:
        values["time_zone"] = question.time_zone
    matching = f"{_measured(question, chosen, question.slice_condition())} {_NEWEST_FIRST}"
    posts = read_frame(connection.sql(matching, params=values))
    source_days = _comparable_days(connection, question, posts, days)
    age = (pl.col("counted_at") - pl.col("posted_at")).dt.total_microseconds()
    least = pl.col("source").replace_strict(source_days or {"": 0}, default=0) * _MICROSECONDS_A_DAY
    known = pl.col("value").is_not_null()
    young = known & (age < least).fill_null(value=False)
    hidden, used = pl.col("hidden"), known & ~young
    shown = used & pl.col("sliced")
    ages = sorted(set(source_days.values())) or [DEFAULT_DAYS]
    numbers = posts.select(
        counted=used.sum(),
        hidden=hidden.sum(),
        unknown=(~known & ~hidden).sum(),
        rounded=(used & pl.col("rounded")).sum(),
        young=young.sum(),
        without_date=(known & pl.col("posted_at").is_null()).sum(),
        accounts=pl.struct("source", "account").filter(shown).n_unique(),
        since=pl.col("posted_at").filter(shown).min(),
        until=pl.col("posted_at").filter(shown).max(),
    ).row(0, named=True)
    counts = PostCounts(
        **numbers,
        lacking=_lacking(question),
        excluded=_count_excluded(connection, question, labelled=labelled),
        sliced=posts.select((used & pl.col("sliced")).sum()).item() if question.sliced else None,
        age=_count(ages[0], "day") if len(ages) == 1 else f"{ages[0]} to {ages[-1]} days (by source)",
        old=older,
    )
    return Comparable(posts.filter(used).drop("hidden", "counted_at", "rounded"), source_days, counts)


def count_posts(connection: duckdb.DuckDBPyConnection, question: RankingQuery) -> PostCounts:
    """Count the posts of a question in the published database."""
    if (stored := _stored_counts(connection, question)) is not None:
        return stored
    if question.by_lift:
        return comparable_posts(connection, question).counts
    ensure_measures(connection)
    chosen, values = _choose(question)
    matching = _measured(question, chosen)
    numbers = connection.execute(
        f"""select count(*) filter (value is not null), count(*) filter (hidden),
                   count(*) filter (value is null and not hidden), count(*) filter (value is not null and rounded),
                   count(distinct (source, account)) filter (value is not null),
                   min(posted_at) filter (value is not null), max(posted_at) filter (value is not null)
            from ({matching})""",
        values,
    ).fetchall()[0]
    names = ("counted", "hidden", "unknown", "rounded", "accounts", "since", "until")
    named = dict(zip(names, numbers, strict=True))
    return PostCounts(**named, lacking=_lacking(question), excluded=_count_excluded(connection, question))


def _stored_counts(connection: duckdb.DuckDBPyConnection, question: RankingQuery) -> PostCounts | None:
    """The counts from the table `compared_posts`; None if it has none of this question."""
    if not question.is_stored:
        return None
    query = f"select {', '.join(STORED_COUNTS)} from compared_posts where classifier = $1 and measure = $2"
    # An older likelens published the database, if it has no such table.
    with suppress(duckdb.CatalogException):
        for row in connection.execute(query, [question.classifier, question.by]).fetchall():
            numbers = dict(zip(STORED_COUNTS, row, strict=True))
            return PostCounts(**numbers, lacking=_lacking(question), excluded={})
    return None


def describe_posts(connection: duckdb.DuckDBPyConnection, question: RankingQuery) -> str:
    """Which posts a ranking counts or compares, in a few sentences."""
    return count_posts(connection, question).describe("compared" if question.by_lift else "counted")


def _choose_newest(
    connection: duckdb.DuckDBPyConnection, chosen: str, values: Mapping[str, object]
) -> tuple[str, int]:
    """The query of the newest of the chosen posts, and how many are older."""
    if chosen == _CHOSEN.format(labelled=_LABELLED, where="true"):
        # Each labelled post has one first label, and no join is needed to find the days of these.
        newest = find_newest(connection, f"select posted_at {_FIRST_LABELS}", values, MAX_COMPARED_POSTS)
        if newest.since is not None:
            chosen = f"select * from posts {_LABELLED_SINCE.format(since=newest.condition)}"
    else:
        newest = find_newest(connection, f"select posted_at from ({chosen})", values, MAX_COMPARED_POSTS)
        chosen = f"select * from ({chosen}) where {newest.condition}"
    older = max(0, newest.total - MAX_COMPARED_POSTS)
    return (f"{chosen} {_NEWEST_FIRST} limit {MAX_COMPARED_POSTS}" if older else chosen), older


def _choose(
    question: RankingQuery, *, labelled: bool = True, slices: bool = True
) -> tuple[str, dict[str, object]]:
    """The query of the posts of a question, and its parameters. Without `slices` those of other times are among them."""
    where, values = _conditions(question, labelled=labelled, slices=slices)
    return _CHOSEN.format(labelled=_LABELLED if labelled else "", where=where), values


def _measured(question: RankingQuery, chosen: str, sliced: str = "true") -> str:
    """The query of the posts of another query with their numbers; `sliced` says whether a post is of the chosen times."""
    measure = question.measure
    return _POSTS.format(
        value="1" if measure is None else "value" if measure.ratio else "value::bigint",
        hidden=_HIDDEN if measure is not None and measure.of_likes else "false",
        sliced=sliced,
        counts=", numerator, denominator" if measure is not None and measure.per else "",
        posts=f"({chosen})",
        measured=_UNMEASURED if measure is None else _MEASURED.format(rows=measure_rows(question.by)),
    )


def _conditions(question: RankingQuery, *, labelled: bool, **which: bool) -> tuple[str, dict[str, object]]:
    """As `RankingQuery.conditions`; a query without the classifier must not have it as a parameter."""
    where, values = question.conditions(**which)
    if not labelled and question.within is None:
        del values["classifier"]
    return where, values


def _lacking(question: RankingQuery) -> str:
    return "" if question.measure is None else question.measure.lacking


def _count_excluded(
    connection: duckdb.DuckDBPyConnection, question: RankingQuery, *, labelled: bool = True
) -> dict[str, int]:
    """How many posts the question leaves out, by what they are; by lift those of other times too."""
    where, values = _conditions(question, labelled=labelled, slices=not question.by_lift, exclusions=False)
    semi_join = _LABELLED if labelled else ""
    excluded = {}
    for field, (condition, what) in EXCLUSIONS.items():
        if getattr(question, field):
            query = f"select count(*) from posts {semi_join} where {where} and {condition}"
            [(excluded[what],)] = connection.execute(query, values).fetchall()
    return excluded


def _comparable_days(
    connection: duckdb.DuckDBPyConnection,
    question: RankingQuery,
    posts: pl.DataFrame,
    days: Mapping[str, int] | None,
) -> dict[str, int]:
    """For each source the age from which its posts count; empty where the age makes no difference."""
    if question.measure is None or question.measure.history is None:
        return {}
    from warehouse.ranking.lift.age import DEFAULT_DAYS

    known = read_comparable_days(connection, question.measure.history) if days is None else days
    return {source: known.get(source, DEFAULT_DAYS) for source in posts["source"].unique().sort()}


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
