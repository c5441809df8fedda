"""Posts that a source no longer shows are marked, not deleted, and only where the reading covers them."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tasks.errors import SourceRefused
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.politeness import Politeness

pytestmark = pytest.mark.slow

FULL = ScrapeOptions(Politeness(0), full=True)


def gone(rows) -> list[int]:
    """The posts that are marked as gone."""
    return [int(one) for (one,) in rows("select post_id from posts where gone_at is not null order by 1")]


def without(source, *numbers: int) -> None:
    """Delete posts at the source."""
    source.posts = [post for post in source.posts if int(post.post_id) not in numbers]


def test_a_deleted_post_is_marked_and_its_rows_stay(fake_source, post, run_scrape, rows) -> None:
    """A deleted post that the run covers is marked; its rows stay, and it may come back."""
    source = fake_source([post(n) for n in range(30, 0, -1)])
    run_scrape(source)
    deleted = source.posts[2]
    without(source, 28)
    run_scrape(source)
    assert gone(rows) == [28]
    assert rows("select count(*) from posts") == [(30,)]
    assert rows("select likes from observations where post_id = '28'") == [(280,)]
    source.posts.insert(2, deleted)
    run_scrape(source)
    assert gone(rows) == []


def test_a_deleted_post_further_down_is_marked_by_a_full_run(fake_source, post, run_scrape, rows) -> None:
    """Posts below the pages of a run are marked only when a run reads until the last page."""
    source = fake_source([post(n) for n in range(30, 0, -1)])
    run_scrape(source)
    without(source, 28, 4)
    run_scrape(source)
    assert gone(rows) == [28]
    run_scrape(source, FULL)
    assert gone(rows) == [28, 4]


def test_pinned_posts_do_not_make_others_gone(fake_source, post, run_scrape, rows) -> None:
    """An old post at the top, known as pinned or not, does not count for how far a run got."""
    for pinned in (True, None):
        source = fake_source(
            [post(1, pinned=pinned), *(post(n) for n in range(30, 1, -1))], name=f"pinned{pinned}"
        )
        run_scrape(source)
        run_scrape(source)
    assert gone(rows) == []


def test_days_without_their_times_make_no_post_of_the_day_gone(fake_source, post, run_scrape, rows) -> None:
    """A run that stops in the middle of a day, on a list that shows days only, marks nothing of that day."""
    source = fake_source([post(n, days_old=100 + (30 - n) // 4) for n in range(30, 0, -1)])
    # At six in the morning: a day of another time zone may reach up to noon of the next one.
    source.posts = [replace(one, posted_at=one.posted_at.replace(hour=6)) for one in source.posts]
    run_scrape(source)
    for number, one in enumerate(source.posts):
        day = one.posted_at.replace(hour=0, minute=0, second=0)
        source.posts[number] = replace(one, posted_at=day)
    deleted = int(source.posts[1].post_id)
    without(source, deleted)
    run_scrape(source)
    assert gone(rows) == []
    run_scrape(source, FULL)
    assert gone(rows) == [deleted]


def test_a_source_without_an_order_of_time_marks_posts_in_full_runs_only(
    fake_source, post, run_scrape, rows
) -> None:
    """Where newer posts are below older ones, only a full run marks posts as gone."""
    posts = [post(n) for n in range(30, 0, -1)]
    random.Random(3).shuffle(posts)
    source = fake_source(posts)
    run_scrape(source)
    shown = int(source.posts[0].post_id)
    without(source, shown)
    run_scrape(source)
    assert gone(rows) == []
    run_scrape(source, FULL)
    assert gone(rows) == [shown]


def test_a_reading_with_gaps_marks_nothing(fake_source, post, run_scrape, rows) -> None:
    """A post that could not be read, or a reading that was cut off, marks no post."""
    source = fake_source([post(n) for n in range(30, 0, -1)])
    run_scrape(source)
    hidden = source.posts[3]
    without(source, 27)
    source.problems, source.unparsed = ("a post without id was skipped",), ("id",)
    assert run_scrape(source, FULL).status == "incomplete"
    assert gone(rows) == []
    source.problems, source.unparsed = (), ()
    source.posts.insert(3, hidden)
    source.breaks_at, source.breaks_with = 10, SourceRefused("Enough.")
    run_scrape(source, FULL)
    assert gone(rows) == []


def test_a_source_that_shows_only_a_part_marks_nothing(fake_source, post, run_scrape, rows) -> None:
    """A file need not have all posts."""
    source = fake_source([post(n) for n in range(10, 0, -1)], shows_all=False)
    run_scrape(source)
    without(source, 8, 1)
    run_scrape(source, FULL)
    assert gone(rows) == []
