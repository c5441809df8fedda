"""Scraped posts: stored once, updated by the next run, with stored pictures under new signatures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from warehouse.home import Home
from warehouse.records.pending import link_fetched_pictures, pictures_to_fetch
from warehouse.records.posts import ScrapedRows, store_scraped
from warehouse.records.stored_posts import mark_gone, refresh_last_seen
from warehouse.schema.picture_tables import Fetch, Picture
from warehouse.schema.tables import AccountObservation, Observation, Post, PostPicture

SIGNED = "https://cdn.example/v/t51/ann_1.jpg?stp=dst&oe=AAAA&sig=1"


@pytest.fixture
def seen(
    post_row: Callable[..., Post], observation_row: Callable[..., Observation], evening: datetime
) -> Callable[..., ScrapedRows]:
    """Make a post as a page shows it after a number of days, with these picture addresses."""

    def make(post_id: str, *urls: str, days: int = 0, likes: int | None = 5) -> ScrapedRows:
        now = evening + timedelta(days=days)
        pictures = tuple(
            PostPicture(source="demo", post_id=post_id, position=position, picture_url=url, sha256=None)
            for position, url in enumerate(urls)
        )
        row = post_row(post_id, first_seen_at=now, last_seen_at=now)
        return ScrapedRows(row, observation_row(post_id, likes, observed_at=now), pictures)

    return make


def read(home: Home, query: str) -> list[tuple[Any, ...]]:
    with home.lake.reader() as reader:
        return reader.execute(query).fetchall()


def test_a_batch_stored_twice_counts_once(
    home: Home, seen: Callable[..., ScrapedRows], account_row: Callable[..., AccountObservation]
) -> None:
    """A page that is stored again, by a retry or after a kill, changes no table."""
    batch = [seen("a", "http://x/1.jpg", "http://x/2.jpg"), seen("b", "http://x/3.jpg"), seen("c")]
    tables = ("posts", "post_pictures", "observations", "accounts")
    assert store_scraped(home.lake, batch, [account_row("ann")]) == 3
    before = [read(home, f"select * from {table} order by all") for table in tables]
    assert [len(rows) for rows in before] == [3, 3, 3, 1]
    assert store_scraped(home.lake, batch, [account_row("ann")]) == 3
    assert [read(home, f"select * from {table} order by all") for table in tables] == before


def test_the_next_run_adds_an_observation_and_first_seen_at_stays(
    home: Home, seen: Callable[..., ScrapedRows], evening: datetime
) -> None:
    """The likes of both runs are stored; last_seen_at changes where no observation says when the post was seen."""
    first = evening.replace(tzinfo=None)
    store_scraped(home.lake, [seen("a", likes=5)])
    store_scraped(home.lake, [seen("a", days=1, likes=None)])
    assert read(home, "select likes from observations order by observed_at") == [(5,), (None,)]
    without = replace(
        seen("a", days=2), observation=replace(seen("a", days=2).observation, likes=None, comments=None)
    )
    store_scraped(home.lake, [without])
    assert read(home, "select first_seen_at, last_seen_at from posts") == [(first, first + timedelta(days=2))]
    assert read(home, "select count(*) from observations") == [(2,)]


@pytest.mark.slow
def test_a_reading_of_unchanged_posts_rewrites_them_once_at_its_end(
    home: Home, seen: Callable[..., ScrapedRows], evening: datetime
) -> None:
    """A batch writes a changed post alone; the end of the reading writes when the others were seen."""
    first = evening.replace(tzinfo=None)
    store_scraped(home.lake, [seen(name) for name in "abc"])
    files = home.lake.files("posts")
    for days in (7, 30):
        store_scraped(home.lake, [seen(name, days=days) for name in "abc"])
    assert home.lake.files("posts") == files
    assert read(home, "select count(*) from observations") == [(9,)]
    edited = replace(seen("b", days=30), post=replace(seen("b", days=30).post, caption="edited"))
    store_scraped(home.lake, [seen("a", days=30), edited])
    query = "select last_seen_at, count(*) from posts group by 1 order by 1"
    assert read(home, query) == [(first, 2), (first + timedelta(days=30), 1)]
    store_scraped(
        home.lake, [seen("a", days=31), replace(edited, post=replace(edited.post, caption="edited"))]
    )
    assert read(home, query) == [(first, 2), (first + timedelta(days=30), 1)]
    assert refresh_last_seen(home.lake, "demo", evening + timedelta(days=31)) == 1
    assert read(home, query) == [(first, 1), (first + timedelta(days=30), 1), (first + timedelta(days=31), 1)]
    assert refresh_last_seen(home.lake, "demo", evening) == 1
    assert read(home, query) == [(first + timedelta(days=30), 2), (first + timedelta(days=31), 1)]
    assert refresh_last_seen(home.lake, "demo", evening) == 0


@pytest.mark.slow
def test_a_post_that_was_only_observed_since_is_not_gone(
    home: Home, seen: Callable[..., ScrapedRows], evening: datetime
) -> None:
    """Of posts whose rows are older than the reading, only the one that it did not show is marked as gone."""
    store_scraped(home.lake, [seen(name) for name in "abc"])
    began = evening + timedelta(days=7)
    store_scraped(home.lake, [seen(name, days=7) for name in "ac"])
    refresh_last_seen(home.lake, "demo", began)
    assert mark_gone(home.lake, "demo", "ann", began, None) == 1
    assert read(home, "select post_id from posts where gone_at is not null") == [("b",)]
    store_scraped(home.lake, [seen("b", days=8)])
    assert read(home, "select count(gone_at) from posts") == [(0,)]


def test_an_edited_caption_replaces_the_stored_one(home: Home, seen: Callable[..., ScrapedRows]) -> None:
    """A caption that was edited or removed is stored as the page last showed it."""
    first = seen("a")
    for caption in ("old", "new", None):
        store_scraped(home.lake, [replace(first, post=replace(first.post, caption=caption))])
        assert read(home, "select caption from posts") == [(caption,)]


@pytest.fixture
def linked(
    home: Home,
    seen: Callable[..., ScrapedRows],
    picture_row: Callable[..., Picture],
    fetch_row: Callable[..., Fetch],
) -> Home:
    """A home folder whose post `a` has the fetched picture `one` with a signed address."""
    store_scraped(home.lake, [seen("a", SIGNED)])
    home.lake.append([picture_row("one")])
    home.lake.append([fetch_row(SIGNED, "one")])
    assert link_fetched_pictures(home.lake) == 1
    return home


def pending_urls(home: Home, now: datetime) -> list[str]:
    return [one.url for batch in pictures_to_fetch(home.lake, {}, now, 10) for one in batch]


@pytest.mark.slow
@pytest.mark.parametrize(
    "url",
    [
        SIGNED.replace("AAAA", "BBBB"),
        SIGNED.partition("?")[0],
        SIGNED.replace("cdn.example", "cdn-2.example") + "&x=1",
    ],
)
def test_an_address_with_a_new_signature_keeps_its_picture(
    linked: Home, seen: Callable[..., ScrapedRows], sha: Callable[[str], str], evening: datetime, url: str
) -> None:
    """With the same path the picture keeps its hash, is not fetched again, and has the new address."""
    store_scraped(linked.lake, [seen("a", url, days=1)])
    assert read(linked, "select picture_url, sha256 from post_pictures") == [(url, sha("one"))]
    assert pending_urls(linked, evening + timedelta(days=1)) == []


def test_another_path_is_another_picture(
    linked: Home, seen: Callable[..., ScrapedRows], evening: datetime
) -> None:
    """A replaced picture is pending, and the post no longer has the old one."""
    url = SIGNED.replace("ann_1", "ann_2")
    store_scraped(linked.lake, [seen("a", url, days=1)])
    assert read(linked, "select picture_url, sha256 from post_pictures") == [(url, None)]
    assert pending_urls(linked, evening + timedelta(days=1)) == [url]


def test_the_same_path_in_another_post_is_another_picture(
    linked: Home, seen: Callable[..., ScrapedRows], evening: datetime
) -> None:
    """Only the same position of the same post keeps a hash; another post's picture is fetched."""
    url = SIGNED.replace("AAAA", "CCCC")
    store_scraped(linked.lake, [seen("b", url)])
    assert read(linked, "select sha256 from post_pictures where post_id = 'b'") == [(None,)]
    assert pending_urls(linked, evening) == [url]


def test_each_picture_of_a_carousel_keeps_its_own_hash(
    home: Home, seen: Callable[..., ScrapedRows], fetch_row: Callable[..., Fetch], sha: Callable[[str], str]
) -> None:
    """Each position of a carousel keeps its picture when all addresses have new signatures."""
    urls = [f"https://cdn.example/{name}.jpg?sig=1" for name in ("one", "two", "three")]
    store_scraped(home.lake, [seen("a", *urls)])
    home.lake.append([fetch_row(urls[0], "one"), fetch_row(urls[2], "three"), fetch_row(urls[1], None)])
    link_fetched_pictures(home.lake)
    store_scraped(home.lake, [seen("a", *(url.replace("sig=1", "sig=2") for url in urls), days=1)])
    found = read(home, "select sha256 from post_pictures order by position")
    assert found == [(sha("one"),), (None,), (sha("three"),)]
