"""Weekdays, hours in a time zone, pinned posts and re-posts: which posts of a ranking they choose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.published import published
from warehouse.ranking.comparable_posts import comparable_posts, count_posts, describe_posts
from warehouse.ranking.lift.estimate import estimate_lifts
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank, rank_published
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import PostPicture, Row

FIRST = datetime(2025, 3, 20, 0, 40)
ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kolkata")


@pytest.fixture(scope="module")
def calendar(
    new_home: Callable[[], Home],
    labelled_post: Callable[..., list[Row]],
    store_rows: Callable[[Home, Sequence[Row]], None],
    run_row: Callable[..., StageRun],
) -> Home:
    """Posts every five hours around a change to summer time, one with a day only, one without a date."""
    rows = [
        row
        for number in range(96)
        for row in labelled_post(
            f"{number:02}",
            ["cat" if number % 2 else "dog"],
            100 + number * 37 % 50,
            posted_at=FIRST + timedelta(hours=5 * number),
        )
    ]
    rows += labelled_post("day only", ["cat"], 100, posted_at=datetime(2025, 3, 24))
    rows += labelled_post("dateless", ["cat"], 100, posted_at=None)
    home = new_home()
    store_rows(home, [*rows, run_row()])
    publish(home)
    return home


def chosen(posts: pd.Series, zone: str, weekdays: tuple[int, ...], hours: tuple[int, int] | None) -> int:
    """How many of these times pandas finds in the slice."""
    local = posts.dt.tz_localize("UTC").dt.tz_convert(zone)
    use = local.notna()
    if weekdays:
        day = local.dt.day_of_week.where(posts != posts.dt.normalize(), posts.dt.day_of_week)
        use &= (day + 1).isin(weekdays)
    if hours:
        first, end = hours
        use &= posts != posts.dt.normalize()
        use &= local.dt.hour.isin([(first + i) % 24 for i in range((end - first) % 24 or 24)])
    return int(use.sum())


@pytest.mark.slow
def test_pandas_finds_the_same_posts(calendar: Home) -> None:
    """In any time zone, also over a change of the clock and over midnight, both find as many posts.

    In two zones they are ranked and compared too.
    """
    slices: list[tuple[tuple[int, ...], tuple[int, int] | None]] = [
        ((6, 7), None),
        ((1,), (6, 12)),
        ((), (22, 4)),
        ((), (0, 24)),
        ((5,), (23, 24)),
    ]
    with published(calendar) as database:
        posts = pd.Series(
            pd.to_datetime([at for (at,) in database.execute("select posted_at from posts").fetchall()])
        )
        for zone in ZONES:
            for weekdays, hours in slices:
                question = RankingQuery("model", weekdays=weekdays, hours=hours, time_zone=zone)
                expected = chosen(posts, zone, weekdays, hours)
                assert count_posts(database, question).counted == expected, question
                if zone not in ZONES[:2]:
                    continue
                assert rank_published(database, question)["posts"].sum() == expected
                by_lift = RankingQuery(
                    "model", "likes", "lift", weekdays=weekdays, hours=hours, time_zone=zone
                )
                compared = comparable_posts(database, by_lift)
                assert (compared.counts.counted, compared.counts.sliced) == (98, expected)


def test_a_slice_is_compared_with_all_posts_of_the_account(calendar: Home) -> None:
    """By lift the posts of the slice have rows, and the account's usual level is that of all its posts."""
    question = RankingQuery("model", "likes", "lift", min_posts=5, weekdays=(1, 2), time_zone="Europe/Berlin")
    ranking = rank(calendar, question)
    assert set(ranking["label"]) == {"cat", "dog"}
    assert ranking["share"].sum() == pytest.approx(1)
    with published(calendar) as database:
        text = describe_posts(database, question)
        assert text.startswith(
            f"98 posts compared, {ranking['posts'].sum()} of them in the chosen weekdays and hours;"
        )
        everything = rank(
            calendar, RankingQuery("model", "likes", "lift", min_posts=5, weekdays=(1, 2, 3, 4, 5, 6, 7))
        )
        assert everything["posts"].sum() == 97, "a post without a date has no weekday"


def test_the_lifts_of_a_slice_are_those_of_its_labels_among_all_posts(calendar: Home) -> None:
    """`estimate_lifts` over all posts, with the label rows of the chosen days alone, has the same digits."""
    question = RankingQuery("model", "likes", "lift", min_posts=1, weekdays=(3, 4, 5))
    with published(calendar) as database:
        posts = comparable_posts(database, question).posts
        rows = database.sql("select source, post_id, label, posted_at from post_labels").pl()
    inside = rows.filter(pl.col("posted_at").dt.weekday().is_in([3, 4, 5])).drop("posted_at")
    expected = estimate_lifts(posts, inside, min_posts=1)
    assert not expected.is_empty()
    assert_frame_equal(
        rank(calendar, question).select("label", "lift", "low", "p"),
        expected.select("label", "lift", "low", "p"),
    )


@pytest.fixture(scope="module")
def reposted(
    new_home: Callable[[], Home],
    labelled_post: Callable[..., list[Row]],
    post_picture_row: Callable[..., PostPicture],
    store_rows: Callable[[Home, Sequence[Row]], None],
    run_row: Callable[..., StageRun],
) -> Home:
    """A picture that ann posts three times and bob once; a carousel with it; a pinned post."""
    posts: dict[str, dict[str, Any]] = {
        "first": {},
        "again": {"posted_at": FIRST + timedelta(days=1)},
        "dateless": {"posted_at": None},
        "bob": {"account": "bob"},
        "carousel": {"kind": "carousel"},
        "pinned": {"pinned": True},
        "unpinned": {"pinned": False},
    }
    rows = [
        row
        for name, more in posts.items()
        for row in labelled_post(name, [name], 5, **{"posted_at": FIRST} | more)
    ]
    same = {name: post_picture_row(name, "demo first") for name in ("again", "dateless", "bob", "carousel")}
    rows = [same.get(row.post_id, row) if isinstance(row, PostPicture) else row for row in rows]
    rows += [post_picture_row("carousel", "demo second", position=1)]
    home = new_home()
    store_rows(home, [*rows, run_row()])
    publish(home)
    return home


def counted(home: Home, **question: Any) -> tuple[int, str]:
    with published(home) as database:
        asked = RankingQuery("model", **question)
        return count_posts(database, asked).counted, describe_posts(database, asked)


@pytest.mark.slow
@pytest.mark.parametrize(("by", "statistic"), [("likes", "mean"), ("count", "lift"), ("likes", "lift")])
def test_a_repost_counts_once(reposted: Home, by: str, statistic: str) -> None:
    """Of posts of one account with the same pictures the first one counts; the sentence counts the others."""
    assert counted(reposted, by=by, statistic=statistic)[0] == 7
    number, text = counted(reposted, by=by, statistic=statistic, without_reposts=True)
    assert number == 5
    assert "2 with the pictures of an earlier post of the account" in text


def test_pinned_posts_are_left_out_by_choice(reposted: Home) -> None:
    """A post of which the source does not say that it is pinned counts."""
    number, text = counted(reposted, without_pinned=True)
    assert number == 6
    assert "1 pinned" in text
    assert counted(reposted, without_pinned=True, without_reposts=True)[0] == 4
    labels = rank(reposted, RankingQuery("model", by="count", without_pinned=True))["label"]
    assert "pinned" not in set(labels)


def test_a_lift_leaves_out_pinned_posts_of_all_times(reposted: Home) -> None:
    """Posts of other weekdays are compared too, so the sentence counts the pinned ones among them."""
    other_day = FIRST + timedelta(days=3)
    slices: dict[str, Any] = {"without_pinned": True, "weekdays": (other_day.isoweekday(),)}
    assert "left out: 1 pinned" in counted(reposted, statistic="lift", **slices)[1]
    assert "left out: none" in counted(reposted, statistic="mean", **slices)[1]


def test_every_choice_has_a_file_of_its_own(reposted: Home) -> None:
    """Two questions never share a file name."""
    choices: list[dict[str, Any]] = [
        {},
        {"without_pinned": True},
        {"without_reposts": True},
        {"without_near_reposts": True},
        {"weekdays": (1,)},
        {"weekdays": (1, 2)},
        {"hours": (1, 2)},
        {"hours": (1, 2), "time_zone": "Asia/Kolkata"},
        {"as_of": date(2025, 1, 1)},
        {"until": date(2025, 1, 1)},
    ]
    assert len({RankingQuery("model", **choice).stem for choice in choices}) == len(choices)
    assert [RankingQuery("model", "likes", "lift", **choice).is_stored for choice in choices] == [
        not choice for choice in choices
    ]
    assert [RankingQuery("model", **choice).has_macro for choice in choices] == [
        not choice for choice in choices
    ]
