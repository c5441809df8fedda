"""How far a run reads: until known posts, until the last page, or from where the last run was cut off."""

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


@pytest.mark.slow
def test_a_second_run_stops_at_the_first_page_of_old_known_posts(fake_source, post, run_scrape, rows) -> None:
    """The first run reads everything; the second reads the page with the new post and one known page."""
    source = fake_source([post(n) for n in range(30, 0, -1)])
    assert run_scrape(source).items == 30
    assert len(source.requests) == 6
    source.requests.clear()
    assert run_scrape(source).items == 5
    assert source.requests == [BASE]
    source.posts.insert(0, post(31, days_old=0.1))
    source.requests.clear()
    run_scrape(source)
    assert source.requests == [BASE, f"{BASE}?from=5"]
    assert ids(rows) == set(range(1, 32))
    assert rows("select count(*) from observations") == [(30 + 5 + 10,)]


@pytest.mark.slow
def test_young_posts_are_observed_again_in_each_run(fake_source, post, run_scrape, rows) -> None:
    """A page with one post younger than refresh_days does not stop the run; each observation of it is stored."""
    source = fake_source(
        [*(post(n, days_old=3) for n in range(20, 12, -1)), *(post(n) for n in range(12, 0, -1))]
    )
    run_scrape(source)
    source.requests.clear()
    source.posts[7] = replace(source.posts[7], likes=999)
    run_scrape(source, ScrapeOptions(Politeness(0), refresh_days=14))
    assert source.requests == [BASE, f"{BASE}?from=5", f"{BASE}?from=10"]
    found = rows("select likes from observations where post_id = '13' order by observed_at")
    assert found == [(130,), (999,)]
    source.requests.clear()
    run_scrape(source, ScrapeOptions(Politeness(0), refresh_days=2))
    assert source.requests == [BASE]


@pytest.mark.parametrize("pinned", [True, None], ids=["known as pinned", "not known"])
def test_pinned_posts_at_the_top_do_not_stop_a_run(fake_source, post, run_scrape, rows, pinned) -> None:
    """Old known posts that fill the first page because they are pinned do not hide new posts below."""
    pins = [post(n, pinned=pinned) for n in (3, 2, 1)]
    source = fake_source([*pins, *(post(n) for n in range(20, 3, -1))], page_size=3)
    run_scrape(source)
    source.posts.insert(3, post(21, days_old=0.1))
    source.requests.clear()
    run_scrape(source)
    assert 21 in ids(rows)
    assert source.requests == [BASE, f"{BASE}?from=3", f"{BASE}?from=6"]


@pytest.mark.slow
def test_once_a_week_and_on_request_a_run_reads_until_the_last_page(fake_source, post, run_scrape) -> None:
    """After full_days, or with full, all pages are read again."""
    source = fake_source([post(n) for n in range(30, 0, -1)])
    run_scrape(source)
    for options in (ScrapeOptions(Politeness(0), full_days=0), ScrapeOptions(Politeness(0), full=True)):
        source.requests.clear()
        assert run_scrape(source, options).items == 30
        assert len(source.requests) == 6


@pytest.mark.slow
def test_posts_without_a_date_are_old_when_they_were_first_seen_long_ago(
    fake_source, post, run_scrape
) -> None:
    """Where a source shows no dates, posts are young for refresh_days after they were first seen."""
    source = fake_source([post(n, posted_at=None) for n in range(20, 0, -1)], may_lack=("posted_at",))
    run_scrape(source)
    source.requests.clear()
    run_scrape(source)
    assert len(source.requests) == 4
    source.requests.clear()
    run_scrape(source, ScrapeOptions(Politeness(0), refresh_days=0))
    assert source.requests == [BASE]


@pytest.mark.slow
@pytest.mark.parametrize(
    "error",
    [SourceRefused("Enough."), SourceUnreachable("Gone quiet."), OutOfTime("Too long.")],
    ids=lambda e: type(e).__name__,
)
def test_the_next_run_resumes_where_a_run_was_cut_off(fake_source, post, run_scrape, rows, error) -> None:
    """Pages before a refusal are stored; the next run reads what is new and resumes at the cut."""
    source = fake_source([post(n) for n in range(40, 0, -1)], breaks_at=15, breaks_with=error)
    result = run_scrape(source)
    assert (result.status, result.items) == ("incomplete", 15)
    assert str(error) in result.message
    assert ids(rows) == set(range(26, 41))
    source.breaks_at = None
    source.requests.clear()
    assert run_scrape(source).status == "done"
    assert source.requests == [BASE, *(f"{BASE}?from={start}" for start in range(15, 40, 5))]
    assert ids(rows) == set(range(1, 41))
    source.requests.clear()
    run_scrape(source)
    assert source.requests == [BASE]


@pytest.mark.slow
def test_an_address_to_resume_at_is_tried_once(fake_source, post, run_scrape, rows) -> None:
    """Where the next run can't resume at the cut, the run after it reads from the first page to the last."""
    source = fake_source(
        [post(n) for n in range(40, 0, -1)], breaks_at=15, breaks_with=SourceRefused("Enough.")
    )
    run_scrape(source)
    source.breaks_at = 5
    source.requests.clear()
    run_scrape(source)
    source.breaks_at = None
    source.requests.clear()
    run_scrape(source)
    run_scrape(source)
    assert ids(rows) == set(range(1, 41))


@pytest.mark.slow
def test_random_runs_lose_no_post(fake_source, post, run_scrape, rows) -> None:
    """After new posts, cuts at any page and runs of any depth, every post that was shown is stored once."""
    chance = random.Random(7)
    source = fake_source([post(n) for n in range(20, 0, -1)], page_size=3)
    number = 20
    for _ in range(12):
        for _ in range(chance.randrange(4)):
            number += 1
            source.posts.insert(0, post(number, days_old=chance.choice([0.1, 5, 30]) - number / 1e5))
        source.breaks_at = chance.choice([None, None, 3, 9])
        source.breaks_with = SourceRefused("Enough.")
        run_scrape(source)
    source.breaks_at = None
    run_scrape(source)
    run_scrape(source)
    assert ids(rows) == set(range(1, number + 1))
    assert rows("select count(*) from posts where gone_at is not null") == [(0,)]
