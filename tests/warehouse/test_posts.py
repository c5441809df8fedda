"""What a source showed: stored once, moved on by the next night, and its pictures kept though signed anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from warehouse.home import Home
from warehouse.pending import link_fetched, to_fetch
from warehouse.posts import ScrapedRows, store_seen
from warehouse.tables import AccountObservation, Fetch, Observation, Picture, Post, PostPicture

SIGNED = "https://cdn.example/v/t51/ann_1.jpg?stp=dst&oe=AAAA&sig=1"


@pytest.fixture
def seen(
    post: Callable[..., Post], observed: Callable[..., Observation], evening: datetime
) -> Callable[..., ScrapedRows]:
    """A post as a page showed it some nights later, with these addresses of its pictures."""

    def make(post_id: str, *urls: str, nights: int = 0, likes: int | None = 5) -> ScrapedRows:
        now = evening + timedelta(days=nights)
        pictures = tuple(
            PostPicture(source="demo", post_id=post_id, position=place, picture_url=url, sha256=None)
            for place, url in enumerate(urls)
        )
        row = post(post_id, first_seen_at=now, last_seen_at=now)
        return ScrapedRows(row, observed(post_id, likes, observed_at=now), pictures)

    return make


def read(home: Home, query: str) -> list[tuple[Any, ...]]:
    with home.lake.reader() as reader:
        return reader.execute(query).fetchall()


def test_a_batch_stored_twice_counts_once(
    home: Home, seen: Callable[..., ScrapedRows], account_seen: Callable[..., AccountObservation]
) -> None:
    """A page that is stored again, by a retry or after a kill, changes no table."""
    batch = [seen("a", "http://x/1.jpg", "http://x/2.jpg"), seen("b", "http://x/3.jpg"), seen("c")]
    tables = ("posts", "post_pictures", "observations", "accounts")
    assert store_seen(home.lake, batch, [account_seen("ann")]) == 3
    before = [read(home, f"select * from {table} order by all") for table in tables]
    assert [len(rows) for rows in before] == [3, 3, 3, 1]
    assert store_seen(home.lake, batch, [account_seen("ann")]) == 3
    assert [read(home, f"select * from {table} order by all") for table in tables] == before


def test_the_next_night_moves_last_seen_and_adds_an_observation(
    home: Home, seen: Callable[..., ScrapedRows], evening: datetime
) -> None:
    """first_seen_at stays, last_seen_at moves on, and both nights' likes are kept."""
    store_seen(home.lake, [seen("a", likes=5)])
    store_seen(home.lake, [seen("a", nights=1, likes=None)])
    first = evening.replace(tzinfo=None)
    second = first + timedelta(days=1)
    assert read(home, "select first_seen_at, last_seen_at from posts") == [(first, second)]
    assert read(home, "select likes from observations order by observed_at") == [(5,), (None,)]


def test_an_edited_caption_is_the_latest(home: Home, seen: Callable[..., ScrapedRows]) -> None:
    """A caption that was edited, or removed, is as the page last showed it."""
    first = seen("a")
    for caption in ("old", "new", None):
        store_seen(home.lake, [replace(first, post=replace(first.post, caption=caption))])
        assert read(home, "select caption from posts") == [(caption,)]


@pytest.fixture
def linked(
    home: Home,
    seen: Callable[..., ScrapedRows],
    stored: Callable[..., Picture],
    fetched: Callable[..., Fetch],
) -> Home:
    """A home folder whose post `a` shows the fetched picture `one` under a signed address."""
    store_seen(home.lake, [seen("a", SIGNED)])
    home.lake.append([stored("one")])
    home.lake.append([fetched(SIGNED, "one")])
    assert link_fetched(home.lake) == 1
    return home


def waiting(home: Home, now: datetime) -> list[str]:
    return [one.url for batch in to_fetch(home.lake, {}, now, 10) for one in batch]


@pytest.mark.parametrize(
    "url",
    [
        SIGNED.replace("AAAA", "BBBB"),
        SIGNED.partition("?")[0],
        SIGNED.replace("cdn.example", "cdn-2.example") + "&x=1",
    ],
)
def test_an_address_signed_anew_keeps_its_picture(
    linked: Home, seen: Callable[..., ScrapedRows], sha: Callable[[str], str], evening: datetime, url: str
) -> None:
    """Under the same path the picture keeps its hash, is not fetched again, and its address is the new one."""
    store_seen(linked.lake, [seen("a", url, nights=1)])
    assert read(linked, "select picture_url, sha256 from post_pictures") == [(url, sha("one"))]
    assert waiting(linked, evening + timedelta(days=1)) == []


def test_another_path_is_another_picture(
    linked: Home, seen: Callable[..., ScrapedRows], evening: datetime
) -> None:
    """A picture that was replaced waits to be fetched, and the post no longer shows the old one."""
    url = SIGNED.replace("ann_1", "ann_2")
    store_seen(linked.lake, [seen("a", url, nights=1)])
    assert read(linked, "select picture_url, sha256 from post_pictures") == [(url, None)]
    assert waiting(linked, evening + timedelta(days=1)) == [url]


def test_the_same_path_in_another_post_is_not_taken_for_the_same(
    linked: Home, seen: Callable[..., ScrapedRows], evening: datetime
) -> None:
    """Only the same place of the same post keeps a hash: another post's picture is fetched for itself."""
    url = SIGNED.replace("AAAA", "CCCC")
    store_seen(linked.lake, [seen("b", url)])
    assert read(linked, "select sha256 from post_pictures where post_id = 'b'") == [(None,)]
    assert waiting(linked, evening) == [url]


def test_pictures_of_a_carousel_keep_each_its_own(
    home: Home, seen: Callable[..., ScrapedRows], fetched: Callable[..., Fetch], sha: Callable[[str], str]
) -> None:
    """Each place of a carousel keeps its own picture when all its addresses are signed anew."""
    urls = [f"https://cdn.example/{name}.jpg?sig=1" for name in ("one", "two", "three")]
    store_seen(home.lake, [seen("a", *urls)])
    home.lake.append([fetched(urls[0], "one"), fetched(urls[2], "three"), fetched(urls[1], None)])
    link_fetched(home.lake)
    store_seen(home.lake, [seen("a", *(url.replace("sig=1", "sig=2") for url in urls), nights=1)])
    found = read(home, "select sha256 from post_pictures order by position")
    assert found == [(sha("one"),), (None,), (sha("three"),)]
