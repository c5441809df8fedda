"""Posts that a source no longer shows are marked, not deleted, and only where it can be known."""

from __future__ import annotations

import random
from dataclasses import replace

from tasks.errors import SourceRefused
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.politeness import Politeness

FULL = ScrapeOptions(Politeness(0), full=True)


def gone(rows) -> list[int]:
    """The posts that are marked."""
    return [int(one) for (one,) in rows("select post_id from posts where gone_at is not null order by 1")]


def without(source, *numbers: int) -> None:
    """Delete posts at the source."""
    source.posts = [post for post in source.posts if int(post.post_id) not in numbers]


def test_a_deleted_post_is_marked_and_kept(invented, post, spend_night, rows) -> None:
    """A post deleted among those that a night reads is marked that night; its rows stay, and it may come back."""
    source = invented([post(n) for n in range(30, 0, -1)])
    spend_night(source)
    deleted = source.posts[2]
    without(source, 28)
    spend_night(source)
    assert gone(rows) == [28]
    assert rows("select count(*) from posts") == [(30,)]
    assert rows("select likes from observations where post_id = '28'") == [(280,)]
    source.posts.insert(2, deleted)
    spend_night(source)
    assert gone(rows) == []


def test_a_post_deleted_further_down_is_marked_when_it_is_read_to_the_end(
    invented, post, spend_night, rows
) -> None:
    """What lies below the pages of a night is not judged that night, but when the whole account is read."""
    source = invented([post(n) for n in range(30, 0, -1)])
    spend_night(source)
    without(source, 28, 4)
    spend_night(source)
    assert gone(rows) == [28]
    spend_night(source, FULL)
    assert gone(rows) == [28, 4]


def test_pinned_posts_do_not_make_others_gone(invented, post, spend_night, rows) -> None:
    """An old post at the top, said to be pinned or not, says nothing of how far a night went."""
    for pinned in (True, None):
        source = invented(
            [post(1, pinned=pinned), *(post(n) for n in range(30, 1, -1))], name=f"pinned{pinned}"
        )
        spend_night(source)
        spend_night(source)
    assert gone(rows) == []


def test_days_without_their_times_make_no_post_of_the_day_gone(invented, post, spend_night, rows) -> None:
    """A night that stops in the middle of a day, by a list that shows days alone, tells nothing of the rest of that day."""
    source = invented([post(n, days_old=100 + (30 - n) // 4) for n in range(30, 0, -1)])
    # At six in the morning: a day of another time zone may reach up to noon of the next one.
    source.posts = [replace(one, posted_at=one.posted_at.replace(hour=6)) for one in source.posts]
    spend_night(source)
    for number, one in enumerate(source.posts):
        day = one.posted_at.replace(hour=0, minute=0, second=0)
        source.posts[number] = replace(one, posted_at=day)
    deleted = int(source.posts[1].post_id)
    without(source, deleted)
    spend_night(source)
    assert gone(rows) == []
    spend_night(source, FULL)
    assert gone(rows) == [deleted]


def test_a_source_in_no_order_of_time_marks_nothing_by_night(invented, post, spend_night, rows) -> None:
    """Where newer posts stand below older ones, only a reading to the end tells what is gone."""
    posts = [post(n) for n in range(30, 0, -1)]
    random.Random(3).shuffle(posts)
    source = invented(posts)
    spend_night(source)
    shown = int(source.posts[0].post_id)
    without(source, shown)
    spend_night(source)
    assert gone(rows) == []
    spend_night(source, FULL)
    assert gone(rows) == [shown]


def test_a_reading_with_holes_marks_nothing(invented, post, spend_night, rows) -> None:
    """A post that could not be read, or a reading that was cut off, makes no other post gone below it."""
    source = invented([post(n) for n in range(30, 0, -1)])
    spend_night(source)
    hidden = source.posts[3]
    without(source, 27)
    source.problems, source.unparsed = ("a post without id was skipped",), ("id",)
    assert spend_night(source, FULL).status == "incomplete"
    assert gone(rows) == []
    source.problems, source.unparsed = (), ()
    source.posts.insert(3, hidden)
    source.breaks_at, source.breaks_with = 10, SourceRefused("Enough.")
    spend_night(source, FULL)
    assert gone(rows) == []


def test_a_source_that_shows_only_a_part_marks_nothing(invented, post, spend_night, rows) -> None:
    """A file that someone brings in need not have all posts."""
    source = invented([post(n) for n in range(10, 0, -1)], shows_all=False)
    spend_night(source)
    without(source, 8, 1)
    spend_night(source, FULL)
    assert gone(rows) == []
