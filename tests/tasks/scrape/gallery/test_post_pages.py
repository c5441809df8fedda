"""A gallery whose post pages have more than its lists: no run makes stored values less exact."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from warehouse.database.publish import publish
from warehouse.published import published
from warehouse.schema.tables import Thread


@pytest.mark.slow
def test_likes_from_post_pages_stay_in_every_kind_of_run(gallery, run_once, importing, latest_likes) -> None:
    """Every run observes young posts on their pages; old posts keep their likes, also in a full run."""
    expected = {n: 42_000 + n for n in range(1, 13)}
    assert run_once().status == "done"
    assert latest_likes() == expected
    for options in ({}, {"full": True}, {"full": True, "refresh_days": 2}):
        gallery.read.clear()
        gallery.posts[0].likes = f"{expected[12] + 100:,}"
        expected[12] += 100
        assert run_once(**options).status == "done"
        assert latest_likes() == expected
        assert gallery.read == ([12] if options.get("refresh_days") == 2 else [12, 11])
    assert importing.rows("select count(*) from observations where likes is null") == [(0,)]
    assert importing.rows("select count(*) from observations where post_id = '1'") == [(1,)]


@pytest.mark.slow
def test_the_page_of_an_old_post_is_read_more_and_more_rarely(gallery, run_once, importing) -> None:
    """A full run reads a post page again after a tenth of the post's age, but at least refresh_days."""
    run_once()
    importing.home.lake.upsert(
        [replace(thread, read_at=datetime.now(UTC) - timedelta(days=12)) for thread in _threads(importing)]
    )
    gallery.read.clear()
    run_once(full=True, refresh_days=10)
    # Posts 10 to 3 are 102 to 109 days old; posts 2 and 1, of 110 and 111 days, are due after 11 days.
    assert gallery.read == list(range(12, 0, -1))
    gallery.read.clear()
    run_once(full=True, refresh_days=10)
    assert gallery.read == [12, 11]


def _threads(importing) -> list[Any]:
    rows = importing.rows("select source, post_id, read_at, comments from threads")
    return [
        Thread(source=source, post_id=post_id, read_at=read_at.replace(tzinfo=UTC), comments=comments)
        for source, post_id, read_at, comments in rows
    ]


def test_rounded_counts_and_days_of_a_list_do_not_replace_exact_values(
    gallery, run_once, importing, latest_likes
) -> None:
    """42,007 stays if the list shows 42.0k, and the time if it shows the day; 42.9k is a new count."""
    for post in gallery.posts:
        post.on_list = "42.0k"
    run_once(on_list=True)
    exact = {n: 42_000 + n for n in range(1, 13)}
    assert latest_likes() == exact
    times = importing.rows("select post_id, posted_at, caption from posts order by all")
    gallery.posts[11].on_list = "42.9k"
    assert run_once(on_list=True, full=True).status == "done"
    assert latest_likes() == {**exact, 1: 42_900}
    assert importing.rows("select post_id, posted_at, caption from posts order by all") == times
    assert importing.rows(
        "select likes, likes_rounded from observations where post_id = '5' order by observed_at"
    ) == [(42_005, False), (42_005, True)]


def test_small_pictures_of_a_list_do_not_replace_large_ones(gallery, run_once, importing) -> None:
    """The post page's picture stays in runs that read only the list; a newly signed address replaces it."""
    for post in gallery.posts:
        post.large = f'<img src="/large/{post.number}.jpg?sig=1">'
    run_once()
    gallery.posts[0].large = '<img src="/large/12.jpg?sig=2">'
    run_once(full=True)
    found = dict(importing.rows("select post_id::int, picture_url from post_pictures"))
    base = "https://pix.example/large"
    assert found == {12: f"{base}/12.jpg?sig=2", **{n: f"{base}/{n}.jpg?sig=1" for n in range(1, 12)}}


@pytest.mark.slow
def test_rounded_comments_of_a_list_cause_no_request_of_the_post_page(gallery, run_once) -> None:
    """1.2k comments on the list are the 1,234 of the post page; 1.3k are new ones."""
    for post in gallery.posts:
        post.comments, post.listed_comments = "1,234", "1.2k"
    run_once(refresh_days=0)
    gallery.read.clear()
    gallery.posts[11].listed_comments = "1.3k"
    run_once(full=True, refresh_days=0)
    assert gallery.read == [1]


@pytest.mark.slow
def test_a_post_page_that_fails_erases_nothing(gallery, run_once, importing) -> None:
    """If the page of a young post fails in one run, its likes stay, and its new comments are stored."""
    run_once()
    gallery.posts[0].comments = "9"
    gallery.broken = {12: 404}
    assert run_once().status == "incomplete"
    found = importing.rows(
        "select likes, comments from observations where post_id = '12' order by observed_at"
    )
    assert found == [(42_012, 3), (None, 9)]
    publish(importing.home)
    with published(importing.home) as database:
        query = "select likes, comments from latest_observations where post_id = '12'"
        assert database.execute(query).fetchall() == [(42_012, 9)]


def test_a_post_page_that_redirects_elsewhere_changes_nothing(gallery, run_once, latest_likes) -> None:
    """A redirect to another post's page, or to the home page, gives the post no values."""
    gallery.moved = {"/p/9": "/p/8", "/p/3": "/"}
    result = run_once(full=True)
    assert result.status == "incomplete"
    assert "which is not the page of the post 9" in result.message
    assert latest_likes()[9] is None and latest_likes()[3] is None


def test_a_post_without_any_count_has_no_observation(gallery, run_once, importing) -> None:
    """A new post without a count on list and page has a row in posts and none in observations."""
    gallery.posts[3] = replace(gallery.posts[3], likes="?", comments="?")
    run_once()
    assert importing.rows("select count(*) from posts") == [(12,)]
    assert importing.rows("select count(*) from observations") == [(11,)]
