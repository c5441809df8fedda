"""Features are what was known before a post: no later observation changes them, and levels are those of plain loops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime

import duckdb
import numpy as np
import pytest

from benchmarks.forecast.simulated_home import make_database
from benchmarks.truth.galleries import Gallery, Plan, make_gallery
from warehouse.forecast.features import Features, PlannedPosts, compute_features, features_of_history
from warehouse.forecast.history import History
from warehouse.forecast.posts import PostTimes, forecast_posts, read_history, read_outcomes, read_times

PLAN = Plan(accounts=4, posts=400, labels=50, topics=5)


@pytest.fixture(scope="module")
def gallery() -> Gallery:
    return make_gallery(PLAN, 3)


@pytest.fixture
def watched(gallery: Gallery) -> Iterator[duckdb.DuckDBPyConnection]:
    """A gallery that was observed from its first post on."""
    with make_database(gallery) as database:
        yield database


@pytest.fixture
def backfilled(gallery: Gallery) -> Iterator[duckdb.DuckDBPyConnection]:
    """A gallery that was observed once, after its last post, and of which half of the posts are observed again."""
    with make_database(gallery, watched=False) as database:
        database.execute(
            """insert into observations select * replace (observed_at + interval 1 day as observed_at, likes * 2 as likes)
               from observations where hash(post_id) % 2 = 0"""
        )
        yield database


def read(database: duckdb.DuckDBPyConnection) -> tuple[History, PostTimes, Features]:
    with forecast_posts(database):
        history, times = read_history(database, "likes", "UTC")
    return history, times, features_of_history(history, times)


def assert_equal(first: Features, second: Features, rows: np.ndarray) -> None:
    np.testing.assert_array_equal(first.values[rows], second.values[rows])
    for field in fields(first.levels):
        one, other = getattr(first.levels, field.name), getattr(second.levels, field.name)
        np.testing.assert_array_equal(one[rows], other[rows])


@pytest.mark.parametrize(
    "change",
    [
        "delete from observations where observed_at >= timestamp '{time}'",
        "update observations set likes = (hash(likes, post_id) % 5000)::bigint where observed_at >= timestamp '{time}'",
        """insert into observations select source, post_id, timestamp '{time}' + interval 1 hour, 7, 7, false
           from posts where posted_at < timestamp '{time}' - interval 2 day""",
    ],
)
def test_no_later_observation_changes_a_feature(watched: duckdb.DuckDBPyConnection, change: str) -> None:
    """What is observed after a post, deleted, changed or added, leaves its features and those of all before it equal."""
    history, _, before = read(watched)
    time = int(np.median(history.posted_at))
    watched.execute(change.format(time=datetime.fromtimestamp(time, UTC).replace(tzinfo=None)))
    after = read(watched)[2]
    assert before.levels.backfilled.mean() < 0.05
    assert_equal(before, after, history.posted_at <= time)
    assert not np.array_equal(before.levels.usual, after.levels.usual, equal_nan=True)


@pytest.mark.parametrize(
    "change",
    [
        "delete from observations where {later}",
        "update observations set likes = 9 where likes is not null and {later}",
    ],
)
def test_an_older_post_depends_on_first_observations_alone(
    backfilled: duckdb.DuckDBPyConnection, change: str
) -> None:
    """A post from before its account was observed: later observations than the first of each post change nothing."""
    _, _, before = read(backfilled)
    later = "(post_id, observed_at) not in (select (post_id, min(observed_at)) from observations group by post_id)"
    backfilled.execute(change.format(later=later))
    _, _, after = read(backfilled)
    assert before.levels.backfilled.all()
    assert_equal(before, after, np.arange(len(before.values)))


def test_a_post_does_not_know_its_own_count(backfilled: duckdb.DuckDBPyConnection) -> None:
    """The count of the newest post of each account is in no feature of any post."""
    _, _, before = read(backfilled)
    backfilled.execute(
        """update observations set likes = 1000000 where post_id in
           (select arg_max(post_id, posted_at) from posts group by account)"""
    )
    _, _, after = read(backfilled)
    assert_equal(before, after, np.arange(len(before.values)))


def test_levels_are_those_of_a_plain_loop(watched: duckdb.DuckDBPyConnection) -> None:
    """The usual count is the median of the last ten counts that were known at an age of two days."""
    history, _, found = read(watched)
    day = 86_400
    for post in range(0, len(history.account), 17):
        now = history.posted_at[post]
        known = []
        for other in range(post - 1, -1, -1):
            if history.account[other] != history.account[post] or history.posted_at[other] > now - 2 * day:
                continue
            seen = (history.counted_post == other) & (history.counted_at <= now)
            if seen.any():
                known.append(history.counts[seen][-1])
        if found.levels.backfilled[post]:
            continue
        expected = np.median(known[:10]) if len(known) >= 3 else np.nan
        np.testing.assert_allclose(found.levels.usual[post], expected)
        np.testing.assert_allclose(
            found.levels.long[post], np.median(known[:30]) if len(known) >= 3 else np.nan
        )


def test_a_planned_post_has_the_features_of_the_stored_one(watched: duckdb.DuckDBPyConnection) -> None:
    """Planned at its own time, a stored post has the features that a training gives it."""
    history, times, stored = read(watched)
    rows = np.arange(0, len(history.account), 13)
    moments = [
        datetime.fromtimestamp(int(second), UTC).replace(tzinfo=None) for second in history.posted_at[rows]
    ]
    planned = PlannedPosts(
        history.account[rows],
        history.posted_at[rows],
        history.posted_at[rows],
        history.kind[rows],
        read_times(watched, moments, "UTC"),
    )
    found = compute_features(history, times, planned)
    np.testing.assert_allclose(found.values, stored.values[rows], atol=1e-6)


def test_hours_are_those_of_the_time_zone(watched: duckdb.DuckDBPyConnection) -> None:
    """Midnight in UTC is nine in the morning in Tokyo, and a planned midnight is an hour."""
    times = read_times(watched, [datetime(2026, 3, 1), datetime(2026, 3, 1, 20, 30)], "Asia/Tokyo")
    assert times.weekday.tolist() == [6, 0]
    assert times.hour.tolist() == [9.0, 5.5]


def test_outcomes_are_of_comparable_age(watched: duckdb.DuckDBPyConnection) -> None:
    """The outcome is the first count at the comparable age; hidden likes and young posts have none."""
    watched.execute("update latest_observations set likes = null where post_id = '5'")
    watched.execute(
        "delete from observations where post_id = '6' and observed_at > (select posted_at from posts where post_id = '6') + interval 2 day"
    )
    with forecast_posts(watched):
        outcomes, days = read_outcomes(watched, "likes")
        rows = dict(watched.execute("select post_id, post from forecast_posts").fetchall())
    assert np.isnan(outcomes[rows["5"]])
    assert np.isnan(outcomes[rows["6"]])
    [(likes,)] = watched.execute(
        f"""select arg_min(likes, observed_at) from observations join posts using (post_id)
            where post_id = '7' and observed_at >= posted_at + interval {days} day"""
    ).fetchall()
    np.testing.assert_allclose(outcomes[rows["7"]], np.log1p(likes))


def test_an_empty_database_has_no_posts(watched: duckdb.DuckDBPyConnection) -> None:
    """Without posts, and of an unknown account, there are no features."""
    with forecast_posts(watched, [("simulated", "nobody")]):
        history, times = read_history(watched, "likes", "UTC")
    assert len(features_of_history(history, times).values) == 0
    one = replace(times, weekday=np.array([0]), hour=np.array([12.0]))
    number = np.zeros(1, np.int64)
    planned = PlannedPosts(number, number + 10, number + 10, number, one)
    assert np.isnan(compute_features(history, times, planned).levels.usual).all()
