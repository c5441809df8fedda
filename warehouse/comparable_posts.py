"""Which posts a ranking by lift compares.

They are those that the classifier has labelled and whose number is known. A post that was too young when its number was
last observed is left out, because its likes were still coming in.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import polars as pl

from warehouse.lift.age import DEFAULT_DAYS, MAX_POSTS, comparable_age
from warehouse.ranking_query import RankingQuery

MAX_COMPARED_POSTS = 1_000_000
"""The newest posts that a ranking by lift compares: some 6 million label rows, of which the estimate needs 0.8 GB."""
_MICROSECONDS_A_DAY = 86_400_000_000

_POSTS = """select source, post_id, account, kind, posted_at, counted_at, {by} as value,
                   coalesce(likes_hidden, false) as hidden
            from posts left join latest_observations using (source, post_id)
            left join (select source, post_id, max(observed_at) as counted_at from observations
                       where {by} is not null group by all) using (source, post_id)
            semi join (select source, post_id from post_labels where classifier = $classifier)
                using (source, post_id)
            where {where}"""
_NEWEST = "{posts} order by posted_at desc nulls last, source, post_id limit {most}"
_HISTORY = """with aged as (
                  select source, post_id, posted_at from observations join posts using (source, post_id)
                  where posted_at is not null and {by} is not null group by all
                  having max(observed_at) >= posted_at + interval 10 day),
              latest as (
                  from aged qualify row_number() over (partition by source order by posted_at desc, post_id) <= $most)
              select source, post_id, posted_at, observed_at, {by} as value
              from observations join latest using (source, post_id)"""


@dataclass(frozen=True, slots=True)
class Comparable:
    """The posts that a ranking by lift compares, and how many it left out for which reason.

    `days` is for each source the age from which its posts count. `posts` has the columns that `estimate_lifts` takes.
    `without_date` of them have no date; they count, in unknown order.
    """

    posts: pl.DataFrame
    days: dict[str, int]
    hidden: int
    unknown: int
    young: int
    old: int
    without_date: int

    def describe(self, by: str) -> str:
        """One or two sentences for the user."""
        ages = sorted(set(self.days.values())) or [DEFAULT_DAYS]
        age = _count(ages[0], "day") if len(ages) == 1 else f"{ages[0]} to {ages[-1]} days (by source)"
        left_out = {
            f"younger than {age} when last observed": self.young,
            "with hidden likes": self.hidden,
            f"without a known number of {by}": self.unknown,
            f"older than the newest {MAX_COMPARED_POSTS:,}": self.old,
        }
        reasons = [f"{number:,} {reason}" for reason, number in left_out.items() if number]
        text = f"{_count(len(self.posts), 'post')} compared; left out: {', '.join(reasons) or 'none'}."
        if self.without_date:
            verb = "has" if self.without_date == 1 else "have"
            text += f" {self.without_date:,} of the posts {verb} no date."
        return text


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def comparable_posts(connection: duckdb.DuckDBPyConnection, question: RankingQuery) -> Comparable:
    """Read the posts of a question from the published database, and leave out those that can't be compared."""
    where, values = question.conditions()
    matching = _POSTS.format(by=question.by, where=where)
    posts = connection.sql(_NEWEST.format(posts=matching, most=MAX_COMPARED_POSTS), params=values).pl()
    older = 0
    if len(posts) == MAX_COMPARED_POSTS:
        (total,) = connection.execute(f"select count(*) from ({matching})", values).fetchall()[0]
        older = total - len(posts)
    history = connection.sql(_HISTORY.format(by=question.by), params={"most": MAX_POSTS}).pl()
    days = dict.fromkeys(posts["source"].unique().sort(), DEFAULT_DAYS)
    days |= {
        str(source): comparable_age(rows)
        for (source,), rows in history.partition_by("source", as_dict=True, maintain_order=True).items()
        if source in days
    }
    age = (pl.col("counted_at") - pl.col("posted_at")).dt.total_microseconds()
    least = pl.col("source").replace_strict(days or {"": 0}, default=DEFAULT_DAYS) * _MICROSECONDS_A_DAY
    known = pl.col("value").is_not_null()
    young = known & (age < least).fill_null(value=False)
    hidden = ~known & pl.col("hidden") if question.by == "likes" else pl.lit(value=False)
    return Comparable(
        posts=posts.filter(known & ~young).drop("hidden", "counted_at"),
        days=days,
        hidden=posts.select(hidden.sum()).item() or 0,
        unknown=posts.select((~known & ~hidden).sum()).item(),
        young=posts.select(young.sum()).item(),
        old=older,
        without_date=posts.select((known & pl.col("posted_at").is_null()).sum()).item(),
    )
