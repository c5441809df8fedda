"""How forecasts did against what came: how many numbers were in the 80 % intervals, and how large the errors were."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from warehouse.database.sql_forecasts import FORECAST_OUTCOMES
from warehouse.storage.lake import Lake

MIN_POSTS = 30
MIN_WEEKS = 8
"""Weeks of accounts, whose posts share luck and mood: with fewer the interval would be a guess."""
RECENT_DAYS = 90
_Z = 1.96

FORECAST_POST = "qualify row_number() over (partition by source, post_id, measure order by before_posting desc, made_at desc) = 1"
"""Of several forecasts of a post only one counts: one from before the post, if there is one, and of these the last."""

_SCORES = """
    with outcomes as ({outcomes}),
    chosen as (select measure, covered::int as covered, abs(ln(1 + outcome) - ln(1 + median)) as error,
                      abs(ln(1 + outcome) - ln(1 + usual)) as usual_error, row(source, account, date_trunc('week', posted_at)) as week
               from outcomes where {chosen} {once}),
    shares as (select measure, avg(covered) as share from chosen group by all),
    weeks as (select measure, week, count(*) as posts, sum(covered) as covered, sum(error) as error,
                     sum(usual_error) as usual_error from chosen group by all)
    select measure, sum(posts)::bigint as posts, sum(covered)::bigint as covered, count(*) as weeks,
           sum((covered - posts * share) ** 2)::double as deviation, sum(error) as error, sum(usual_error) as usual_error,
           sum(error ** 2) as error_squares, sum(usual_error ** 2) as usual_squares, sum(error * usual_error) as products
    from weeks join shares using (measure) group by measure
"""
_OF_THE_LAKE = f"""($version is null or version = $version) and ($account is null or account = $account)
    and ($source is null or source = $source)
    and ($version is not null or posted_at >= now()::timestamp - interval {RECENT_DAYS} day)"""


@dataclass(frozen=True, slots=True)
class ForecastScore:
    """So many forecast posts have a number, which was in the interval for `covered` of them.

    A post counts once: with the forecast of its picture from before the post, where there is one.

    `low` and `high` are the 95 % interval of the share of covered posts; None with fewer than 30 posts or 8 weeks of
    accounts. It is the wider one of Wilson's interval and of one with the weeks as clusters. `skill` is 1 minus the ratio of
    the mean absolute errors, in log(1 + count), of the forecasts and of the usual numbers; its 95 % interval has the weeks
    as clusters (delta method). None as the others.
    """

    posts: int
    covered: int
    low: float | None = None
    high: float | None = None
    skill: float | None = None
    skill_low: float | None = None
    skill_high: float | None = None

    @property
    def share(self) -> float | None:
        """The share of covered posts; None where it has no interval."""
        return None if self.low is None else self.covered / self.posts


NOTHING = ForecastScore(0, 0)


def read_scores(
    lake: Lake, version: str | None = None, account: str | None = None, source: str | None = None
) -> dict[str, ForecastScore]:
    """The scores by measure: of a model's version, or of all versions for posts of the last 90 days."""
    values = {"version": version, "account": account, "source": source}
    query = _SCORES.format(outcomes=FORECAST_OUTCOMES, chosen=_OF_THE_LAKE, once=FORECAST_POST)
    with lake.reader(query) as reader:
        return _read(reader, query, values)


def published_scores(
    database: duckdb.DuckDBPyConnection, chosen: str, values: Mapping[str, object]
) -> dict[str, ForecastScore]:
    """The scores by measure of the outcomes in a published database for which the SQL condition `chosen` is true."""
    query = _SCORES.format(outcomes="from forecast_outcomes", chosen=chosen, once=FORECAST_POST)
    return _read(database, query, values)


def _read(
    database: duckdb.DuckDBPyConnection, query: str, values: Mapping[str, object]
) -> dict[str, ForecastScore]:
    result = database.execute(query, values)
    names = [column[0] for column in result.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return {row.pop("measure"): _score(**row) for row in rows}


def _score(posts: int, covered: int, weeks: int, deviation: float, **errors: float) -> ForecastScore:
    if posts < MIN_POSTS or weeks < MIN_WEEKS:
        return ForecastScore(posts, covered)
    share, correction = covered / posts, weeks / (weeks - 1)
    middle = (share + _Z**2 / (2 * posts)) / (1 + _Z**2 / posts)
    half = _Z / (1 + _Z**2 / posts) * math.sqrt(share * (1 - share) / posts + _Z**2 / (4 * posts**2))
    clustered = _Z * math.sqrt(deviation * correction) / posts
    low, high = min(middle - half, share - clustered), max(middle + half, share + clustered)
    return ForecastScore(posts, covered, max(0.0, low), min(1.0, high), *_skill(correction, **errors))


def _skill(
    correction: float,
    error: float,
    usual_error: float,
    error_squares: float,
    usual_squares: float,
    products: float,
) -> tuple[float, float, float] | tuple[None, None, None]:
    """The skill and its interval; None where every usual number was exact."""
    if usual_error == 0:
        return None, None, None
    ratio = error / usual_error
    squares = max(0.0, error_squares - 2 * ratio * products + ratio**2 * usual_squares)
    half = _Z * math.sqrt(squares * correction) / usual_error
    return 1 - ratio, 1 - ratio - half, 1 - ratio + half
