"""How forecasts did against what came: how many posts, and how many of their numbers were in the 80 % intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

from warehouse.database.sql_forecasts import FORECAST_OUTCOMES
from warehouse.storage.lake import Lake

MIN_POSTS = 30
MIN_WEEKS = 8
"""Weeks of accounts, whose posts share luck and mood: with fewer the interval would be a guess."""
RECENT_DAYS = 90
_Z = 1.96

_SCORES = f"""
    with outcomes as ({FORECAST_OUTCOMES}),
    chosen as (select measure, covered::int as covered, row(source, account, date_trunc('week', posted_at)) as week
               from outcomes
               where ($version is null or version = $version) and ($account is null or account = $account)
                 and ($source is null or source = $source)
                 and ($version is not null or posted_at >= now()::timestamp - interval {RECENT_DAYS} day)),
    shares as (select measure, avg(covered) as share from chosen group by all),
    weeks as (select measure, week, count(*) as posts, sum(covered) as covered from chosen group by all)
    select measure, sum(posts)::bigint, sum(covered)::bigint, count(*),
           sum((covered - posts * share) ** 2)::double
    from weeks join shares using (measure) group by measure
"""


@dataclass(frozen=True, slots=True)
class ForecastScore:
    """So many forecast posts have a number, which was in the interval for `covered` of them.

    `low` and `high` are the 95 % interval of the share of covered posts; None with fewer than 30 posts or 8 weeks of
    accounts. It is the wider one of Wilson's interval and of one with the weeks as clusters.
    """

    posts: int
    covered: int
    low: float | None
    high: float | None

    @property
    def share(self) -> float | None:
        """The share of covered posts; None where it has no interval."""
        return None if self.low is None else self.covered / self.posts


NOTHING = ForecastScore(0, 0, None, None)


def read_scores(
    lake: Lake, version: str | None = None, account: str | None = None, source: str | None = None
) -> dict[str, ForecastScore]:
    """The scores by measure: of a model's version, or of all versions for posts of the last 90 days."""
    values = {"version": version, "account": account, "source": source}
    with lake.reader(_SCORES) as reader:
        rows = reader.execute(_SCORES, values).fetchall()
    return {
        str(measure): _score(posts, covered, weeks, squares)
        for measure, posts, covered, weeks, squares in rows
    }


def _score(posts: int, covered: int, weeks: int, squares: float) -> ForecastScore:
    if posts < MIN_POSTS or weeks < MIN_WEEKS:
        return ForecastScore(posts, covered, None, None)
    share = covered / posts
    middle = (share + _Z**2 / (2 * posts)) / (1 + _Z**2 / posts)
    half = _Z / (1 + _Z**2 / posts) * math.sqrt(share * (1 - share) / posts + _Z**2 / (4 * posts**2))
    clustered = _Z * math.sqrt(squares * weeks / (weeks - 1)) / posts
    low, high = min(middle - half, share - clustered), max(middle + half, share + clustered)
    return ForecastScore(posts, covered, max(0.0, low), min(1.0, high))
