"""The measures of posts, each against a plain computation on the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.database.sql_comments import COMMENT_VIEWS
from warehouse.ranking.measures import (
    ALL_BY,
    FIRST_DAY_GAP_HOURS,
    FIRST_WEEK_GAP_HOURS,
    FOLLOWER_DAYS,
    LIFT_BY,
    MEASURES,
    POST_MEASURES,
)

POSTED = datetime(2026, 3, 1, 10, 30)
COLUMNS = "likes, comments, shares, likes_hidden, likes_rounded, comments_rounded, shares_rounded"
HOURS = 3600


@pytest.fixture(scope="module")
def tables() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory with empty tables and the view of the measures."""
    with duckdb.connect() as database:
        database.execute("create table posts (source text, post_id text, account text, posted_at timestamp)")
        database.execute(
            """create table observations (source text, post_id text, observed_at timestamp, likes bigint, comments bigint,
                   shares bigint, likes_hidden boolean, likes_rounded boolean, comments_rounded boolean, shares_rounded boolean)"""
        )
        database.execute(
            "create table accounts (source text, account text, observed_at timestamp, followers bigint, rounded boolean)"
        )
        database.execute(
            """create table comment_readings (source text, post_id text, comment_id text, version text, tone double,
                   spam boolean, question boolean, read_at timestamp)"""
        )
        database.execute("create table runs (stage text, status text, version text, started_at timestamp)")
        database.execute(
            """create view latest_observations as
               select source, post_id, counts.likes as likes, counts.likes_hidden as likes_hidden,
                      likes_at, comments, comments_at
               from (select source, post_id,
                            arg_max(struct_pack(likes := likes, likes_hidden := likes_hidden), observed_at)
                                filter (likes is not null or likes_hidden) as counts,
                            max(observed_at) filter (likes is not null or likes_hidden) as likes_at,
                            arg_max(comments, observed_at) as comments,
                            max(observed_at) filter (comments is not null) as comments_at
                     from observations group by all)"""
        )
        database.execute(f"create view post_measures as {POST_MEASURES}")
        yield database


def fill(
    database: duckdb.DuckDBPyConnection,
    seen: list[dict[str, Any]],
    sizes: list[dict[str, Any]] = [],  # noqa: B006
    posted: datetime | None = POSTED,
) -> dict[str, float]:
    """Store one post with these observations and sizes of its account, by hours after it; return its measures."""
    for table in ("posts", "observations", "accounts"):
        database.execute(f"delete from {table}")
    database.execute("insert into posts values ('s', '1', 'ann', $1)", [posted])
    for one in seen:
        at = POSTED + timedelta(hours=one["hours"])
        values = [one.get(name.strip()) for name in COLUMNS.split(",")]
        values[3] = bool(values[3])
        database.execute(
            f"insert into observations (source, post_id, observed_at, {COLUMNS}) values ('s', '1', $1, $2, $3, $4, $5, $6, $7, $8)",
            [at, *values],
        )
    for one in sizes:
        at = POSTED + timedelta(hours=one["hours"])
        database.execute(
            "insert into accounts values ('s', 'ann', $1, $2, $3)", [at, one["followers"], one.get("rounded")]
        )
    return dict(database.execute("select measure, value from post_measures").fetchall())


def test_every_measure_has_a_query() -> None:
    """Every word of --by but count has a measure; a ratio has a lift where its two counts are known."""
    assert set(ALL_BY) == {*MEASURES, "count"}
    assert set(MEASURES) - set(LIFT_BY) == {"likes_per_follower"}


def test_the_last_known_number_counts(tables: duckdb.DuckDBPyConnection) -> None:
    """An observation without a number does not replace one; likes that were hidden since are unknown."""
    seen = [
        {"hours": 1, "likes": 5, "comments": 1, "shares": 2},
        {"hours": 90, "likes": 8, "shares": 3},
        {"hours": 99, "comments": 4},
    ]
    assert fill(tables, seen) == {"likes": 8, "comments": 4, "shares": 3, "comments_per_like": 0.5}
    assert fill(tables, [*seen, {"hours": 100, "likes_hidden": True}]) == {"comments": 4, "shares": 3}


def test_no_like_means_no_comments_per_like(tables: duckdb.DuckDBPyConnection) -> None:
    """A ratio to 0 does not exist; 0 comments of some likes are 0."""
    assert "comments_per_like" not in fill(tables, [{"hours": 1, "likes": 0, "comments": 3}])
    assert fill(tables, [{"hours": 1, "likes": 7, "comments": 0}])["comments_per_like"] == 0


def test_shares_of_comments_are_those_of_the_view(tables: duckdb.DuckDBPyConnection) -> None:
    """Only the newest reader counts. A tone of 0.05 is positive; spam has neither tone nor question."""
    rows = [
        ("1", "new", 0.05, False, True),
        ("2", "new", -0.9, False, False),
        ("3", "new", None, False, False),
        ("4", "new", 0.9, True, True),
        ("1", "old", 0.9, False, True),
    ]
    for comment, version, tone, spam, question in rows:
        tables.execute(
            "insert into comment_readings values ('s', '1', $1, $2, $3, $4, $5, $6)",
            [comment, version, tone, spam, question, POSTED + timedelta(hours=version == "new")],
        )
    columns = "measure, value, numerator, denominator"
    found = tables.execute(
        f"select {columns} from post_measures where measure in ('tone', 'questions', 'spam')"
    )
    shares = {name: numbers for name, *numbers in found.fetchall()}
    view = next(view for view in COMMENT_VIEWS if view.name == "post_comment_readings")
    [counts] = tables.execute(
        f"select positive, with_tone, questions, comments - spam, spam, comments from ({view.query})"
    ).fetchall()
    tables.execute("delete from comment_readings")
    assert counts == (1, 2, 1, 3, 1, 4)
    assert [shares[name][1:] for name in ("tone", "questions", "spam")] == [[1, 2], [1, 3], [1, 4]]
    assert all(value == pytest.approx(one / of, abs=4e-9) for value, one, of in shares.values())


def test_a_rounded_number_is_marked(tables: duckdb.DuckDBPyConnection) -> None:
    """The mark is that of the last observation, and a ratio of a rounded number is rounded."""
    fill(
        tables, [{"hours": 1, "likes": 5, "comments": 2, "likes_rounded": True}, {"hours": 2, "comments": 3}]
    )
    marks = dict(tables.execute("select measure, rounded from post_measures").fetchall())
    assert marks == {"likes": True, "comments": False, "comments_per_like": True}


def test_a_number_that_is_shown_exactly_later_is_not_rounded(tables: duckdb.DuckDBPyConnection) -> None:
    """The mark of an earlier observation, also of the same number, does not stay."""
    fill(
        tables,
        [
            {"hours": 1, "likes": 5000, "comments": 7, "likes_rounded": True},
            {"hours": 2, "likes": 5000, "comments": 7, "comments_rounded": True},
        ],
    )
    marks = dict(tables.execute("select measure, rounded from post_measures").fetchall())
    assert (marks["likes"], marks["comments"]) == (False, True)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-45 * 24, 45 * 24), st.integers(0, 500)),
        max_size=6,
        unique_by=lambda one: one[0],
    ),
    st.integers(0, 10_000),
)
def test_the_nearest_number_of_followers_counts(
    tables: duckdb.DuckDBPyConnection, sizes: list[tuple[int, int]], likes: int
) -> None:
    """Likes are divided by the followers that pandas finds nearest to the post, within 30 days; 0 are unknown."""
    rows = [{"hours": hours, "followers": followers} for hours, followers in sizes]
    found = fill(tables, [{"hours": 200, "likes": likes}], rows).get("likes_per_follower")
    known = pd.DataFrame(
        {"at": [h for h, f in sizes if f], "followers": [f for _, f in sizes if f]}
    ).sort_values("at")
    post = pd.DataFrame({"at": [0]})
    limit = FOLLOWER_DAYS * 24
    merged = pd.merge_asof(post, known.astype("int64"), on="at", direction="nearest", tolerance=limit)
    followers = merged["followers"][0]
    if pd.isna(followers):
        assert found is None
        return
    # pandas takes an earlier one where two are equally near, as the query does.
    assert found == pytest.approx(likes / followers, abs=2e-9)
    assert found is not None
    assert (found * 2**28).is_integer()


AGES = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 10_000)), max_size=8, unique_by=lambda one: one[0]
)


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(
    AGES,
    st.sampled_from(
        [("likes_first_day", 24, FIRST_DAY_GAP_HOURS), ("likes_first_week", 168, FIRST_WEEK_GAP_HOURS)]
    ),
)
def test_likes_at_an_age_are_interpolated(
    tables: duckdb.DuckDBPyConnection, seen: list[tuple[int, int]], case: tuple[str, int, int]
) -> None:
    """NumPy interpolates the same over the logarithm of the age, where two observations are close enough."""
    measure, age, gap = case
    found = fill(tables, [{"hours": hours, "likes": likes} for hours, likes in seen]).get(measure)
    before = [one for one in seen if one[0] <= age]
    after = [one for one in seen if one[0] >= age]
    if not before or not after or min(after)[0] - max(before)[0] > gap:
        assert found is None
        return
    ages, likes = zip(*sorted({max(before), min(after)}), strict=True)
    seconds = np.log(np.maximum(1, np.array(ages) * HOURS))
    expected = np.interp(np.log(age * HOURS), seconds, likes)
    assert found == pytest.approx(expected, abs=0.5 + 1e-6)
    assert found is not None
    assert found.is_integer()


def test_a_post_with_a_day_only_has_no_first_day(tables: duckdb.DuckDBPyConnection) -> None:
    """At midnight exactly the hour is unknown; without a date, and before the post, there is no age."""
    seen = [{"hours": hours, "likes": 5} for hours in (20, 30)]
    assert "likes_first_day" in fill(tables, seen)
    assert "likes_first_day" not in fill(tables, seen, posted=POSTED.replace(hour=0, minute=0))
    assert "likes_first_day" not in fill(tables, seen, posted=None)
    assert "likes_first_day" not in fill(tables, seen, posted=POSTED + timedelta(hours=25))
