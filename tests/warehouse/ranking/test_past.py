"""Rankings of a past day: what was known at its end, and nothing that was stored later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest
from polars.testing import assert_frame_equal

from warehouse.database.publish import publish
from warehouse.errors import NotPublished
from warehouse.home import Home
from warehouse.published import published
from warehouse.ranking.comparable_posts import count_posts
from warehouse.ranking.empty_rankings import why_empty
from warehouse.ranking.measures import ALL_BY
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank, rank_published, ranked_database
from warehouse.schema.comment_tables import CommentReading
from warehouse.schema.picture_tables import LabelGroup, PictureLabel
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import AccountObservation, Observation, Row

pytestmark = pytest.mark.slow

FIRST = datetime(2025, 1, 1, 6, 30)
DAY = FIRST + timedelta(days=100)
Store = Callable[[Home, Sequence[Row]], None]


@pytest.fixture
def earlier(
    labelled_post: Callable[..., list[Row]],
    run_row: Callable[..., StageRun],
    reading_row: Callable[..., CommentReading],
) -> list[Row]:
    """What was stored until the day: 60 posts with likes and read comments, and a run of version 1."""
    rows = [
        row
        for number in range(60)
        for row in labelled_post(
            f"{number:02}",
            ["cat"] if number % 3 else ["dog", "sky"],
            100 + number * 37 % 50,
            number % 7,
            posted_at=FIRST + timedelta(hours=30 * number),
            days=12,
            first_seen_at=FIRST,
            account="ann" if number % 4 else "bob",
        )
    ]
    return [
        *rows,
        run_row(started_at=FIRST, ended_at=FIRST),
        *(
            reading_row(f"{number:02}", str(place), tone=0.5 - number % (place + 2), read_at=FIRST)
            for number in range(60)
            for place in range(3)
        ),
        LabelGroup(classifier="model", label="dog", label_group="pet"),
    ]


@pytest.fixture
def later(
    labelled_post: Callable[..., list[Row]],
    observation_row: Callable[..., Observation],
    label_row: Callable[..., PictureLabel],
    account_row: Callable[..., AccountObservation],
    run_row: Callable[..., StageRun],
    reading_row: Callable[..., CommentReading],
) -> list[Row]:
    """What came after it: new numbers of the same posts, new posts, labels of a new version, and its run."""
    after = DAY + timedelta(days=1)
    rows: list[Row] = [
        observation_row(f"{number:02}", 9_999, 9, observed_at=after) for number in range(0, 60, 2)
    ]
    rows += [
        row
        for number in range(9)
        for row in labelled_post(f"new {number}", ["cat"], 5_000, first_seen_at=after)
    ]
    rows += [label_row(f"demo {number:02}", "bird", version="2", labelled_at=after) for number in range(60)]
    return [
        *rows,
        account_row("ann", observed_at=after),
        *(reading_row(f"{number:02}", "0", version="later", read_at=after) for number in range(60)),
        run_row(version="2", run_id="second", started_at=after),
    ]


def known_then(rows: Sequence[Row]) -> list[Row]:
    """The rows with labels that were given before the day."""
    return [replace(row, labelled_at=FIRST) if isinstance(row, PictureLabel) else row for row in rows]


def test_a_past_day_has_the_ranking_of_that_day(
    home: Home, earlier: list[Row], later: list[Row], store_rows: Store
) -> None:
    """After more is stored, the ranking as of the day is the one that was published then, to the digit."""
    store_rows(home, known_then(earlier))
    publish(home)
    questions: list[dict[str, Any]] = [
        {"by": by, "statistic": statistic, "grouped": grouped}
        for by, statistic in [
            ("likes", "lift"),
            ("likes", "mean"),
            ("comments", "lift"),
            ("count", "mean"),
            ("comments_per_like", "median"),
            ("tone", "mean"),
        ]
        for grouped in ((False, True) if by == "likes" else (by == "tone",))
    ]
    then = [rank(home, RankingQuery("model", **one)) for one in questions]
    store_rows(home, later)
    publish(home)
    for one, expected in zip(questions, then, strict=True):
        assert not expected.is_empty()
        assert not rank(home, RankingQuery("model", **one)).equals(expected)
        assert_frame_equal(rank(home, RankingQuery("model", as_of=DAY.date(), **one)), expected)


def test_the_views_of_today_are_those_of_the_database(
    home: Home, earlier: list[Row], later: list[Row], store_rows: Store
) -> None:
    """As of a day after all, each view has the rows and columns of the published one."""
    store_rows(home, [*earlier, *later])
    publish(home)
    future = RankingQuery("model", as_of=DAY.replace(year=9000).date())
    views = (
        "latest_observations",
        "classifier_versions",
        "current_labels",
        "post_labels",
        "post_measures",
        "posts",
    )
    with published(home) as today, ranked_database(home, future) as past:
        for view in views:
            query = f"select * from {view} order by all"
            expected, found = today.sql(query).pl(), past.sql(query).pl()
            assert_frame_equal(found, expected.select(found.columns))
            assert set(found.columns) == set(expected.columns)


def test_a_run_over_midnight_counts_from_its_end(
    home: Home,
    earlier: list[Row],
    label_row: Callable[..., PictureLabel],
    run_row: Callable[..., StageRun],
    store_rows: Store,
) -> None:
    """The labels of a new version do not replace those of the day before its run has ended."""
    store_rows(home, known_then(earlier))
    publish(home)
    then = rank(home, RankingQuery("model"))
    late = DAY.replace(hour=23)
    run = run_row(version="2", run_id="second", started_at=late, ended_at=late + timedelta(hours=3))
    store_rows(home, [run, label_row("demo 00", "bird", version="2", labelled_at=late)])
    publish(home)
    assert rank(home, RankingQuery("model"))["label"].to_list() == ["bird"]
    assert_frame_equal(rank(home, RankingQuery("model", as_of=DAY.date())), then)


def test_before_the_first_label_the_reason_says_so(home: Home, earlier: list[Row], store_rows: Store) -> None:
    """A day before the classifier ran has no ranking, and the reason names the day of its first labels."""
    store_rows(home, earlier)
    publish(home)
    for by in ALL_BY:
        question = RankingQuery("model", by, as_of=FIRST.date())
        with ranked_database(home, question) as database:
            assert rank_published(database, question).is_empty()
            assert why_empty(database, question) == (
                "At the end of 2025-01-01 no picture had a label of model: its first labels are of 2026-03-01."
                " Use a later --as-of."
            )


def test_a_database_of_an_older_likelens_has_rankings_and_no_past(
    home: Home, earlier: list[Row], store_rows: Store
) -> None:
    """Without the view and the column of shares, rankings and their counts work; a past day needs a run first."""
    store_rows(home, earlier)
    publish(home)
    question = RankingQuery("model", "comments_per_like", "median")
    expected = rank(home, question)
    with duckdb.connect(str(home.database)) as database:
        [(sql,)] = database.execute(
            "select sql from duckdb_views() where view_name = 'observations'"
        ).fetchall()
        database.execute("drop view post_measures")
        database.execute(sql.replace("CREATE VIEW observations", "CREATE VIEW all_observations"))
        database.execute(
            "create or replace view observations as select * exclude (shares, shares_rounded) from all_observations"
        )
    assert_frame_equal(rank(home, question), expected)
    with ranked_database(home, question) as connection:
        assert count_posts(connection, question).counted > 50
    with pytest.raises(NotPublished, match="Run `likelens run` first"):
        rank(home, replace(question, as_of=DAY.date()))
