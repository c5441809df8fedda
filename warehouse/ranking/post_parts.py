"""Rankings of parts of the posts: of each account, and of the last days. The report's page lets a reader choose one.

The parts are planned first, the most useful ones first, so that ranking them takes no more than some seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import duckdb
import polars as pl

from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank_posts, rank_published, read_rows

PERIOD_DAYS = (365, 90)
"""Periods end with the day of the newest post, so that an archive has them too."""
MAX_ACCOUNTS = 12
"""Accounts with a ranking of their own: those with most posts."""
MAX_SECONDS = 3.0
"""Processor time that the plan allows, by the estimates below; they are for two cores of 2026, and not exact."""
_READ = (0.06, 5e-6)
_LIFT = (0.03, 1.5e-5)
_COUNT = (0.02, 3e-6)
"""Seconds for reading the posts of a measure, for a ranking by lift, and for one by count: each time, and for each post."""


@dataclass(frozen=True, slots=True)
class PostPart:
    """The posts of an account (None: of all) in the last `days` days (None: in all), which are those from `since` on."""

    account: str | None
    days: int | None
    since: date | None
    posts: int


@dataclass(frozen=True, slots=True)
class PartsPlan:
    """Which parts are ranked, the most useful first.

    `accounts` are those that a reader may choose, `periods` the lengths of the periods with the day that each begins.
    `same` has parts with the same posts as a longer period: account and days of both. `few` are account and days of
    parts with too few posts for a ranking, `left_out` those that would take too long, and `more_accounts` the number of
    accounts beyond `MAX_ACCOUNTS`.
    """

    parts: tuple[PostPart, ...]
    accounts: tuple[str, ...]
    periods: dict[int, date]
    same: dict[tuple[str | None, int | None], int | None]
    few: tuple[tuple[str | None, int | None], ...]
    left_out: tuple[tuple[str | None, int | None], ...]
    more_accounts: int


def plan_parts(
    connection: duckdb.DuckDBPyConnection, question: RankingQuery, classifiers: int, rankings: int
) -> PartsPlan:
    """Plan the parts of the posts of a question, for so many classifiers and rankings of each measure.

    `rankings` is the number of rankings by one measure over all classifiers: one for labels, and one for groups where
    the classifier has some.
    """
    periods = _choose_periods(connection, question)
    counts = _count_posts(connection, question, list(periods.values()))
    total = [sum(column) for column in zip(*counts.values(), strict=True)] or [0]
    accounts = tuple(list(counts)[:MAX_ACCOUNTS]) if len(counts) > 1 else ()
    lengths = (None, *periods)
    wanted: list[PostPart] = []
    same: dict[tuple[str | None, int | None], int | None] = {}
    few = []
    for account, numbers in ((question.account, total), *((name, counts[name]) for name in accounts)):
        for place, (days, posts) in enumerate(zip(lengths, numbers, strict=True)):
            if place and posts == numbers[place - 1]:
                same[account, days] = same.get((account, lengths[place - 1]), lengths[place - 1])
            elif posts < question.least_posts:
                few.append((account, days))
            else:
                since = question.since if days is None else periods[days]
                wanted.append(PostPart(account, days, since, posts))
    # The choices of one control come before those of two.
    wanted.sort(key=lambda part: (part.account != question.account) + 2 * _both(part, question))
    parts = _choose_affordable(wanted, total[0], classifiers, rankings)
    left_out = tuple((part.account, part.days) for part in wanted[len(parts) :])
    return PartsPlan(parts, accounts, periods, same, tuple(few), left_out, max(0, len(counts) - MAX_ACCOUNTS))


def rank_parts(
    connection: duckdb.DuckDBPyConnection,
    question: RankingQuery,
    parts: Sequence[PostPart],
    groupings: Sequence[bool],
) -> Iterator[tuple[PostPart, bool, pl.DataFrame]]:
    """Rank the labels of the question's classifier in each part: the part, whether labels are grouped, the ranking.

    The rankings are those of `warehouse.ranking.rankings.rank`. The posts and their labels are read once for all.
    """
    posts = None
    labels: dict[bool, pl.DataFrame] = {}
    rows: dict[bool, pl.DataFrame] = {}
    for part in parts:
        for grouped in groupings:
            query = replace(question, account=part.account, since=part.since, grouped=grouped)
            if query.is_stored or (query == replace(question, grouped=grouped) and not query.by_lift):
                yield part, grouped, rank_published(connection, query)
                continue
            if not query.by_lift:
                # A query of its own for each part would read the labels of all.
                if grouped not in rows:
                    rows[grouped] = read_rows(connection, replace(question, grouped=grouped), ["posted_at"])
                yield part, grouped, rank_posts(_choose_posts(rows[grouped], part).lazy(), query)
                continue
            # SciPy takes a third of a second to import.
            from warehouse.ranking.lift_rankings import numbered_posts, rank_lifts, read_labels

            posts = numbered_posts(connection, question) if posts is None else posts
            if grouped not in labels:
                labels[grouped] = read_labels(connection, query, posts.filter("sliced"))
            yield part, grouped, rank_lifts(connection, query, _choose_posts(posts, part), labels[grouped])


def _choose_posts(posts: pl.DataFrame, part: PostPart) -> pl.DataFrame:
    if part.account is not None:
        posts = posts.filter(pl.col("account") == part.account)
    return posts if part.since is None else posts.filter(pl.col("posted_at") >= part.since)


def _choose_periods(connection: duckdb.DuckDBPyConnection, question: RankingQuery) -> dict[int, date]:
    """For each length the first day of the period, where that is after the first day of the question."""
    condition, values = question.post_conditions()
    [(oldest, newest)] = connection.execute(
        f"select min(posted_at)::date, max(posted_at)::date from posts where {condition}", values
    ).fetchall()
    if newest is None:
        return {}
    begins = {days: newest - timedelta(days=days - 1) for days in PERIOD_DAYS}
    first = max(oldest, question.since or oldest)
    return {days: begin for days, begin in begins.items() if begin > first}


def _count_posts(
    connection: duckdb.DuckDBPyConnection, question: RankingQuery, begins: Sequence[date]
) -> dict[str, list[int]]:
    """The posts of each account, in all and since each of these days; the accounts with most posts first."""
    condition, values = question.post_conditions()
    days = {f"begin{place}": begin for place, begin in enumerate(begins)}
    columns = "".join(f", count(*) filter (posted_at >= ${name})" for name in days)
    rows = connection.execute(
        f"select account, count(*){columns} from posts where {condition} group by account order by 2 desc, 1",
        values | days,
    ).fetchall()
    return {account: list(numbers) for account, *numbers in rows}


def _both(part: PostPart, question: RankingQuery) -> int:
    return int(part.account != question.account and part.days is not None)


def _choose_affordable(
    wanted: Sequence[PostPart], total: int, classifiers: int, rankings: int
) -> tuple[PostPart, ...]:
    """The first parts that can be ranked in `MAX_SECONDS`; the rankings of all posts are stored."""
    seconds = 2 * classifiers * _cost(_READ, total)
    for place, part in enumerate(wanted[1:], start=1):
        seconds += rankings * (2 * _cost(_LIFT, part.posts) + _cost(_COUNT, part.posts))
        if seconds > MAX_SECONDS:
            return tuple(wanted[:place])
    return tuple(wanted)


def _cost(seconds: tuple[float, float], posts: int) -> float:
    return seconds[0] + seconds[1] * posts
