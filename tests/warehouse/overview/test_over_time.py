"""The levels of accounts, and how likes come in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import polars as pl
import pytest

from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.overview.account_levels import MAX_DOTS, account_levels, largest_accounts
from warehouse.overview.like_growth import like_growth
from warehouse.published import published
from warehouse.ranking.recent_lifts import default_period
from warehouse.schema.tables import Row

BEGIN = datetime(2026, 1, 1, 6, 30)


def make_posts(likes: Sequence[int], account: str = "ann", hours: int = 24) -> pl.DataFrame:
    """Posts of one account with these likes, so many hours apart."""
    return pl.DataFrame(
        {
            "source": "s",
            "post_id": [f"{number:05}" for number in range(len(likes))],
            "account": account,
            "kind": "image",
            "posted_at": [BEGIN + timedelta(hours=hours * number) for number in range(len(likes))],
            "value": likes,
        }
    )


def test_a_level_is_the_median_of_runs_of_twenty() -> None:
    """The runs are in the order of time, and one viral post does not move them."""
    levels = account_levels(make_posts([10] * 20 + [30] * 19 + [1_000_000]), "s", "ann")
    assert levels.runs["median"].to_list() == [10, 30]
    assert levels.runs["posts"].to_list() == [20, 20]
    assert levels.runs["first"].to_list() == [BEGIN, BEGIN + timedelta(days=20)]
    assert (levels.step, len(levels.dots)) == (1, 40)


def test_many_posts_have_few_dots_and_runs() -> None:
    """The number of both is limited, whatever the number of posts, and the runs count all posts."""
    levels = account_levels(make_posts(list(range(7_001)), hours=1), "s", "ann")
    assert len(levels.dots) <= MAX_DOTS
    assert len(levels.runs) <= 100
    assert levels.runs["posts"].sum() == levels.posts == 7_001


def test_the_largest_accounts_are_first() -> None:
    """Accounts with few dated posts have no level."""
    posts = pl.concat(
        [make_posts([1] * number, name) for name, number in (("few", 9), ("ann", 10), ("bob", 30))]
    )
    assert largest_accounts(posts)["account"].to_list() == ["bob", "ann"]


@pytest.mark.parametrize(("days", "expected"), [(27, None), (28, 14), (100, 50), (1_000, 90)])
def test_the_period_is_at_most_half_of_the_days(days: int, expected: int | None) -> None:
    """It ends with the newest post."""
    posts = make_posts([1] * days)
    period = default_period(posts)
    assert (None if period is None else period.days) == expected
    assert period is None or period.until == posts["posted_at"].max().date()
    assert default_period(posts.clear()) is None


@pytest.fixture
def observed(
    home: Home,
    post_row: Callable[..., Row],
    observation_row: Callable[..., Row],
    store_rows: Callable[[Home, Sequence[Row]], None],
) -> Home:
    """60 posts with 100 likes in the end, observed every night; half of the likes come in the first 12 hours.

    One post has no time of day, one is too young, one was not observed for a week.
    """
    rows: list[Row] = []
    for number in range(60):
        at = BEGIN + timedelta(hours=5 * number)
        if at == datetime(at.year, at.month, at.day):
            at += timedelta(minutes=1)
        rows.append(post_row(f"{number}", posted_at=at))
        for night in range(14):
            age = timedelta(hours=12 + 24 * night)
            rows.append(
                observation_row(f"{number}", 50 if night == 0 else 100 - 25 // night**3, observed_at=at + age)
            )
    for name, at, nights in (
        ("day only", datetime(2026, 1, 5), range(14)),
        ("young", BEGIN, range(5)),
        ("gap", BEGIN, (0, 7, 12)),
    ):
        rows.append(post_row(name, posted_at=at))
        rows += [
            observation_row(name, 5, observed_at=at + timedelta(hours=12 + 24 * night)) for night in nights
        ]
    store_rows(home, rows)
    publish(home)
    return home


@pytest.mark.slow
def test_likes_grow_as_they_were_observed(observed: Home) -> None:
    """Shares lie between two observations that are near; posts without such count nowhere."""
    with published(observed) as database:
        growth = like_growth(database)
    rows = {row["hours"]: row for row in growth.iter_rows(named=True)}
    assert 6 not in rows, "no observation is that young"
    assert rows[12]["median"] == pytest.approx(0.5)
    assert 0.5 < rows[24]["median"] < 0.75
    assert rows[24]["posts"] == 60
    assert rows[24]["median_low"] <= rows[24]["median"] <= rows[24]["median_high"]
    assert rows[168]["median"] == pytest.approx(1, abs=0.01)


def test_without_a_history_there_is_no_growth(published_home: Home) -> None:
    """An empty frame has the same columns."""
    with published(published_home) as database:
        growth = like_growth(database)
    assert growth.is_empty()
    assert {"hours", "posts", "median"} <= set(growth.columns)
