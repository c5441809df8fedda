"""Which posts a ranking by lift compares, and the conditions of a question in both kinds of ranking."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.published import published
from warehouse.ranking import lift_rankings
from warehouse.ranking.comparable_posts import Comparable, comparable_posts
from warehouse.ranking.lift.age import DEFAULT_DAYS
from warehouse.ranking.measures import By
from warehouse.ranking.plain_statistics import Statistic
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank, rank_published
from warehouse.schema.picture_tables import PictureLabel
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import Observation, Row

FIRST = datetime(2025, 1, 1, 6, 30)
DAY = date(2025, 1, 10)


@pytest.fixture
def compare(
    home: Home, store_rows: Callable[[Home, Sequence[Row]], None], run_row: Callable[..., StageRun]
) -> Callable[..., Comparable]:
    """Store rows, publish, and read the comparable posts of a question."""

    def store_and_compare(rows: Sequence[Row], **question: Any) -> Comparable:
        store_rows(home, [*rows, run_row()])
        publish(home)
        with published(home) as connection:
            return comparable_posts(connection, RankingQuery("model", **{"statistic": "lift"} | question))

    return store_and_compare


@pytest.fixture
def labelled(labelled_post: Callable[..., list[Row]]) -> Callable[..., list[Row]]:
    """Make the rows of a post with the label `cat`."""

    def make(post_id: str, likes: int | None = 5, comments: int | None = 1, **changes: Any) -> list[Row]:
        return labelled_post(post_id, ["cat"], likes, comments, **{"posted_at": FIRST} | changes)

    return make


def ids(found: Comparable) -> list[str]:
    return sorted(found.posts["post_id"])


def left_out(found: Comparable) -> tuple[int, int, int, int]:
    return found.counts.young, found.counts.hidden, found.counts.unknown, found.counts.without_date


@pytest.mark.slow
def test_young_posts_are_left_out(
    compare: Callable[..., Comparable], labelled: Callable[..., list[Row]]
) -> None:
    """A post counts from the default age on, to the microsecond; the age is that of its last observation."""
    days = {"just": 7, "almost": 7 - 1e-6 / 86_400, "minutes": 0.01, "before": -1, "old": 400}
    rows = [row for name, age in days.items() for row in labelled(name, days=age)]
    found = compare([*rows, *labelled("dateless", posted_at=None, days=0)])
    assert ids(found) == ["dateless", "just", "old"]
    assert left_out(found) == (3, 0, 0, 1)
    assert found.days == {"demo": DEFAULT_DAYS}


def test_a_post_that_is_observed_again_counts(
    compare: Callable[..., Comparable],
    labelled: Callable[..., list[Row]],
    observation_row: Callable[..., Observation],
) -> None:
    """The last observation has the number and the age, also where an older one was stored after it."""
    later, earlier = FIRST + timedelta(days=9), FIRST + timedelta(days=1)
    rows = [*labelled("again", 5, days=2), observation_row("again", 8, observed_at=later)]
    found = compare([*rows, observation_row("again", 3, observed_at=earlier)])
    assert found.posts.select("post_id", "value").rows() == [("again", 8)]


@pytest.mark.slow
def test_the_age_is_that_of_the_number(
    compare: Callable[..., Comparable],
    labelled: Callable[..., list[Row]],
    observation_row: Callable[..., Observation],
) -> None:
    """A later observation without the number makes a young number no older; the other number has its own age."""
    later = observation_row("one", None, 6, observed_at=FIRST + timedelta(days=30))
    rows = [*labelled("one", 5, 2, days=1), later]
    found = compare(rows, by="likes")
    assert (ids(found), left_out(found)) == ([], (1, 0, 0, 0))
    assert ids(compare([], by="comments")) == ["one"]


@pytest.mark.slow
def test_posts_without_a_known_number_are_left_out(
    compare: Callable[..., Comparable],
    labelled: Callable[..., list[Row]],
    observation_row: Callable[..., Observation],
) -> None:
    """Hidden and unknown likes are counted apart, and hide no comments; zero is a number. Such a post is not young."""
    rows = [
        *labelled("zero", 0, None),
        *labelled("hidden", None, 4, hidden=True),
        *labelled("young and hidden", None, 4, hidden=True, days=1),
        *labelled("unknown", None, 4),
        *labelled("unobserved"),
    ]
    rows = [row for row in rows if not (isinstance(row, Observation) and row.post_id == "unobserved")]
    found = compare(rows, by="likes")
    assert (ids(found), left_out(found)) == (["zero"], (0, 2, 2, 0))
    found = compare([], by="comments")
    assert (ids(found), left_out(found)) == (["hidden", "unknown"], (1, 0, 2, 0))


def test_the_text_has_the_numbers(
    compare: Callable[..., Comparable], labelled: Callable[..., list[Row]]
) -> None:
    """The user reads how many posts are compared and left out, with each reason that occurs."""
    rows = [
        *labelled("old"),
        *labelled("young", days=1),
        *labelled("hidden", None, hidden=True),
        *labelled("dateless", posted_at=None),
    ]
    assert compare(rows).counts.describe("compared") == (
        "2 posts compared; left out: 1 younger than 7 days when last observed, 1 with hidden likes."
        " 1 of the posts has no date."
    )
    assert compare([], kind="carousel").counts.describe("compared") == "0 posts compared; left out: none."


@pytest.mark.slow
def test_each_source_has_its_own_age(
    compare: Callable[..., Comparable],
    labelled: Callable[..., list[Row]],
    observation_row: Callable[..., Observation],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the history shows that likes are complete after 2 days, posts of that source count from 2 days on.

    Where there are more posts than a ranking compares, it is the history of the newest.
    """
    rows: list[Row] = []
    for number in range(25):
        name, at = f"h{number:02}", FIRST - timedelta(days=60 - number)
        rows += labelled(name, 100, source="fast", posted_at=at, days=14)
        rows += [
            observation_row(name, likes, 1, source="fast", observed_at=at + timedelta(days=age))
            for age, likes in ((0.5, 20), (1, 50), (2, 97), (3, 99), (7, 100))
        ]
    for source in ("fast", "slow"):
        for name, age in (("one", 1.9), ("two", 2.1), ("seven", 7.5)):
            rows += labelled(name, source=source, days=age)
    found = compare(rows)
    assert found.days == {"fast": 2, "slow": DEFAULT_DAYS}
    new = found.posts.filter(found.posts["posted_at"] == FIRST)
    assert sorted(new.select("source", "post_id").rows()) == [
        ("fast", "seven"),
        ("fast", "two"),
        ("slow", "seven"),
    ]
    assert found.counts.young == 3
    assert "younger than 2 to 7 days (by source)" in found.counts.describe("compared")
    assert compare([], by="comments").days == {"fast": 1, "slow": DEFAULT_DAYS}, "comments have their own age"
    for most, days in ((30, 2), (10, DEFAULT_DAYS)):
        monkeypatch.setattr("warehouse.ranking.comparable_ages.MAX_COMPARED_POSTS", most)
        assert compare([]).days == {"fast": days, "slow": DEFAULT_DAYS}


@pytest.mark.slow
def test_only_posts_with_labels_of_the_classifier_are_compared(
    compare: Callable[..., Comparable],
    labelled: Callable[..., list[Row]],
    label_row: Callable[..., PictureLabel],
) -> None:
    """Posts without a label, and with labels of another classifier or version, are neither compared nor counted."""
    rows = [*labelled("mine"), *labelled("other"), *labelled("old version"), *labelled("none", None)]
    rows = [row for row in rows if not isinstance(row, PictureLabel)]
    labels = [
        label_row("demo mine", "cat"),
        label_row("demo other", "cat", classifier="visual"),
        label_row("demo old version", "cat", version="0"),
    ]
    found = compare([*rows, *labels])
    assert (ids(found), left_out(found)) == (["mine"], (0, 0, 0, 0))


CONDITIONS = [
    ({}, {"before", "morning", "midnight", "next", "film", "bob", "dateless"}),
    ({"since": DAY}, {"morning", "midnight", "next", "film", "bob"}),
    ({"until": DAY}, {"before", "morning", "midnight", "film", "bob"}),
    ({"since": DAY, "until": DAY}, {"morning", "midnight", "film", "bob"}),
    ({"since": DAY, "until": date.max}, {"morning", "midnight", "next", "film", "bob"}),
    ({"kind": "video"}, {"film"}),
    ({"kind": "video' or 'a' = 'a"}, set()),
    ({"account": "bob"}, {"bob"}),
    ({"account": "bob", "kind": "video"}, set()),
    ({"since": DAY + timedelta(days=30)}, set()),
]


@pytest.fixture(scope="module")
def around_a_day(
    new_home: Callable[[], Home],
    labelled_post: Callable[..., list[Row]],
    store_rows: Callable[[Home, Sequence[Row]], None],
    run_row: Callable[..., StageRun],
) -> Home:
    """Posts before, on and after a day; each has a label with its name."""
    day = datetime(DAY.year, DAY.month, DAY.day)
    posts: dict[str, dict[str, Any]] = {
        "before": {"posted_at": day - timedelta(microseconds=1)},
        "morning": {"posted_at": day},
        "midnight": {"posted_at": day + timedelta(days=1, microseconds=-1)},
        "next": {"posted_at": day + timedelta(days=1)},
        "film": {"posted_at": day, "kind": "video"},
        "bob": {"posted_at": day, "account": "bob"},
        "dateless": {"posted_at": None},
    }
    home = new_home()
    store_rows(
        home,
        [run_row(), *(row for name, more in posts.items() for row in labelled_post(name, [name], 5, **more))],
    )
    publish(home)
    return home


@pytest.mark.slow
@pytest.mark.parametrize(
    ("question", "expected"),
    CONDITIONS,
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else str(len(value)),
)
def test_conditions_choose_the_posts(
    around_a_day: Home, question: dict[str, Any], expected: set[str]
) -> None:
    """Both days are included in UTC, a post without a date is in no range of days, and all rankings count the same."""
    orders: list[tuple[By, Statistic]] = [("likes", "mean"), ("comments", "total"), ("count", "lift")]
    with published(around_a_day) as database:
        found = comparable_posts(database, RankingQuery("model", statistic="lift", **question))
        assert set(found.posts["post_id"]) == expected
        for by, statistic in orders:
            ranking = rank_published(database, RankingQuery("model", by, statistic, **question))
            assert set(ranking["label"]) == expected


@pytest.mark.slow
def test_a_ranking_by_lift_counts_only_the_chosen_posts(
    home: Home, compare: Callable[..., Comparable], labelled_post: Callable[..., list[Row]]
) -> None:
    """Half of the days, or of the kinds, have the numbers of a home folder with these posts alone."""
    rows = [
        row
        for number in range(120)
        for row in labelled_post(
            f"{number:03}",
            ["cat"] if number % 3 else ["dog"],
            100 + number * 37 % 50,
            posted_at=FIRST + timedelta(hours=6 * number),
            kind="video" if number % 2 else "image",
        )
    ]
    compare(rows)
    everything = rank(home, RankingQuery("model", "likes", "lift", 2))
    assert everything["posts"].sum() == 120
    until = FIRST.date() + timedelta(days=14)
    chosen: list[dict[str, Any]] = [{"until": until}, {"since": until}, {"kind": "video"}]
    for question in chosen:
        ranking = rank(home, RankingQuery("model", "likes", "lift", 2, **question))
        assert 50 < ranking["posts"].sum() < 70
        assert ranking["total"].sum() < everything["total"].sum()
        assert ranking["lift"].to_list() != everything["lift"].to_list()
        assert ranking["share"].sum() == pytest.approx(1)


@pytest.mark.slow
def test_within_a_label_the_other_labels_are_ranked(
    home: Home, compare: Callable[..., Comparable], labelled_post: Callable[..., list[Row]]
) -> None:
    """The label itself has no row with any statistic, and the share is of all posts that have it."""
    shown = {"1": ["cat", "sky"], "2": ["cat"], "3": ["cat"], "4": ["cat"], "5": ["dog", "sky"]}
    compare([row for name, labels in shown.items() for row in labelled_post(name, labels, 5)])
    orders: list[tuple[By, Statistic]] = [("likes", "mean"), ("comments", "total"), ("count", "lift")]
    for by, statistic in orders:
        ranking = rank(home, RankingQuery("model", by, statistic, within="cat"))
        assert ranking.select("label", "posts", "share").rows() == [("sky", 1, 0.25)]


@pytest.mark.slow
def test_labels_are_ranked_within_a_label_of_another_classifier(
    home: Home,
    compare: Callable[..., Comparable],
    labelled_post: Callable[..., list[Row]],
    label_row: Callable[..., PictureLabel],
    run_row: Callable[..., StageRun],
) -> None:
    """`food:hotdog` and `hotdog`, of a classifier of that name, choose its posts; an own label comes first."""
    shown = {"1": ["cat", "sky"], "2": ["cat"], "3": ["dog"], "4": ["bun"]}
    rows = [row for name, labels in shown.items() for row in labelled_post(name, labels, 5)]
    others = [("food", "hotdog", "1"), ("bun", "bun", "2"), ("bun", "bun", "3")]
    rows += [label_row(f"{rows[0].source} {post}", name, classifier=lane) for lane, name, post in others]
    compare([*rows, *(run_row(lane=lane) for lane in ("food", "bun"))])

    def labels(within: str) -> set[str]:
        return set(rank(home, RankingQuery("model", "count", within=within))["label"])

    assert labels("food:hotdog") == {"cat", "sky"}
    assert labels("model:cat") == labels("cat") == {"sky"}
    assert labels("bun:bun") == {"cat", "dog"}
    assert labels("bun") == set()  # its own label, of post 4, which has no other
    assert labels("food:bun") == labels("hotdog") == labels("food") == set()


def test_the_newest_posts_are_compared_and_the_older_ones_counted(
    compare: Callable[..., Comparable],
    labelled: Callable[..., list[Row]],
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Above the limit the oldest posts are left out and counted, and posts without a date come last."""
    monkeypatch.setattr("warehouse.ranking.comparable_posts.MAX_COMPARED_POSTS", 2)
    rows = [row for day in range(3) for row in labelled(str(day), posted_at=FIRST + timedelta(days=day))]
    found = compare([*rows, *labelled("dateless", posted_at=None)])
    assert ids(found) == ["1", "2"]
    assert found.counts.old == 2
    assert "2 older than the newest 2" in found.counts.describe("compared")
    ranking = rank(home, RankingQuery("model", "likes", "lift", min_posts=1))
    with published(home) as connection:
        lifts = lift_rankings.all_lifts(connection, RankingQuery("model", "likes", "lift", min_posts=1))
    assert lifts["posts"].to_list() == [2]
    assert ranking.is_empty()


def test_the_newest_posts_of_a_part_are_compared(
    compare: Callable[..., Comparable],
    labelled: Callable[..., list[Row]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Above the limit a question about some posts leaves out the older ones of these, and counts no others."""
    monkeypatch.setattr("warehouse.ranking.comparable_posts.MAX_COMPARED_POSTS", 2)
    rows = [row for day in range(5) for row in labelled(str(day), posted_at=FIRST + timedelta(days=day))]
    until = (FIRST + timedelta(days=3)).date()
    found = compare(rows, until=until)
    assert ids(found) == ["2", "3"]
    assert found.counts.old == 2
