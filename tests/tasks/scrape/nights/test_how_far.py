"""How far a reading goes: to what is known, to the end, or on where the last one was cut off."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tasks.errors import OutOfTime, SourceRefused, SourceUnreachable
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.politeness import Politeness

BASE = "https://pix.example/ann"


def ids(rows) -> set[int]:
    """The stored posts."""
    return {int(post_id) for (post_id,) in rows("select post_id from posts")}


def test_a_second_night_ends_at_the_first_whole_page_of_old_known_posts(
    invented, post, spend_night, rows
) -> None:
    """The first night reads everything; the second reads the page with the new post and one known page."""
    source = invented([post(n) for n in range(30, 0, -1)])
    assert spend_night(source).items == 30
    assert len(source.asked) == 6
    source.asked.clear()
    assert spend_night(source).items == 5
    assert source.asked == [BASE]
    source.posts.insert(0, post(31, days_old=0.1))
    source.asked.clear()
    spend_night(source)
    assert source.asked == [BASE, f"{BASE}?from=5"]
    assert ids(rows) == set(range(1, 32))
    assert rows("select count(*) from observations") == [(30 + 5 + 10,)]


def test_young_posts_are_observed_again_each_night(invented, post, spend_night, rows) -> None:
    """A page with one post younger than refresh_days is no end; each observation of it is kept."""
    source = invented(
        [*(post(n, days_old=3) for n in range(20, 12, -1)), *(post(n) for n in range(12, 0, -1))]
    )
    spend_night(source)
    source.asked.clear()
    source.posts[7] = replace(source.posts[7], likes=999)
    spend_night(source, ScrapeOptions(Politeness(0), refresh_days=14))
    assert source.asked == [BASE, f"{BASE}?from=5", f"{BASE}?from=10"]
    found = rows("select likes from observations where post_id = '13' order by observed_at")
    assert found == [(130,), (999,)]
    source.asked.clear()
    spend_night(source, ScrapeOptions(Politeness(0), refresh_days=2))
    assert source.asked == [BASE]


@pytest.mark.parametrize("pinned", [True, None], ids=["the source says so", "the source does not say"])
def test_pinned_posts_at_the_top_end_nothing(invented, post, spend_night, rows, pinned) -> None:
    """Old known posts that fill the first page because they are pinned do not hide what is new below."""
    pins = [post(n, pinned=pinned) for n in (3, 2, 1)]
    source = invented([*pins, *(post(n) for n in range(20, 3, -1))], page_size=3)
    spend_night(source)
    source.posts.insert(3, post(21, days_old=0.1))
    source.asked.clear()
    spend_night(source)
    assert 21 in ids(rows)
    assert source.asked == [BASE, f"{BASE}?from=3", f"{BASE}?from=6"]


def test_once_a_week_and_on_request_it_goes_to_the_end(invented, post, spend_night) -> None:
    """After full_days, or with full, all pages are read again."""
    source = invented([post(n) for n in range(30, 0, -1)])
    spend_night(source)
    for options in (ScrapeOptions(Politeness(0), full_days=0), ScrapeOptions(Politeness(0), full=True)):
        source.asked.clear()
        assert spend_night(source, options).items == 30
        assert len(source.asked) == 6


def test_posts_without_a_date_are_old_when_they_were_first_seen_long_ago(invented, post, spend_night) -> None:
    """Where a source shows no dates, posts are young for refresh_days after they were first seen."""
    source = invented([post(n, posted_at=None) for n in range(20, 0, -1)], may_lack=("posted_at",))
    spend_night(source)
    source.asked.clear()
    spend_night(source)
    assert len(source.asked) == 4
    source.asked.clear()
    spend_night(source, ScrapeOptions(Politeness(0), refresh_days=0))
    assert source.asked == [BASE]


@pytest.mark.parametrize(
    "error",
    [SourceRefused("Enough."), SourceUnreachable("Gone quiet."), OutOfTime("Too long.")],
    ids=lambda e: type(e).__name__,
)
def test_a_reading_that_was_cut_off_goes_on_there_the_next_night(
    invented, post, spend_night, rows, error
) -> None:
    """What was read before a refusal is kept; the next night reads what is new and goes on at the cut."""
    source = invented([post(n) for n in range(40, 0, -1)], breaks_at=15, breaks_with=error)
    ended = spend_night(source)
    assert (ended.status, ended.items) == ("incomplete", 15)
    assert str(error) in ended.message
    assert ids(rows) == set(range(26, 41))
    source.breaks_at = None
    source.asked.clear()
    assert spend_night(source).status == "done"
    assert source.asked == [BASE, *(f"{BASE}?from={start}" for start in range(15, 40, 5))]
    assert ids(rows) == set(range(1, 41))
    source.asked.clear()
    spend_night(source)
    assert source.asked == [BASE]


def test_an_address_that_does_not_lead_on_is_tried_once(invented, post, spend_night, rows) -> None:
    """Where the place of the cut can't be had the next night, the night after reads from the top to the end."""
    source = invented([post(n) for n in range(40, 0, -1)], breaks_at=15, breaks_with=SourceRefused("Enough."))
    spend_night(source)
    source.breaks_at = 5
    source.asked.clear()
    spend_night(source)
    source.breaks_at = None
    source.asked.clear()
    spend_night(source)
    spend_night(source)
    assert ids(rows) == set(range(1, 41))


def test_random_nights_lose_nothing(invented, post, spend_night, rows) -> None:
    """New posts, cuts at any page and nights of any depth: in the end every post that was shown is stored once."""
    chance = random.Random(7)
    source = invented([post(n) for n in range(20, 0, -1)], page_size=3)
    number = 20
    for _ in range(12):
        for _ in range(chance.randrange(4)):
            number += 1
            source.posts.insert(0, post(number, days_old=chance.choice([0.1, 5, 30]) - number / 1e5))
        source.breaks_at = chance.choice([None, None, 3, 9])
        source.breaks_with = SourceRefused("Enough.")
        spend_night(source)
    source.breaks_at = None
    spend_night(source)
    spend_night(source)
    assert ids(rows) == set(range(1, number + 1))
    assert rows("select count(*) from posts where gone_at is not null") == [(0,)]
