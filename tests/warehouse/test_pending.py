"""What waits to be fetched or labelled: each picture once, failures after a while, and all in batches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import pytest

from warehouse.home import Home
from warehouse.pending import (
    HostResponse,
    RetrySchedule,
    StoredPicture,
    count_pictures,
    count_to_fetch,
    count_to_label,
    link_fetched,
    pauses_asked_for,
    to_fetch,
    to_label,
)
from warehouse.tables import Fetch, Picture, PictureLabel, PostPicture, Unlabelled

URL = "http://cdn.example/a.jpg"
PATIENCE = {"gone": RetrySchedule(hours=20, tries=3), "timeout": RetrySchedule(hours=0, tries=2)}


def waiting(home: Home, now: datetime) -> list[str]:
    urls = [one.url for batch in to_fetch(home.lake, PATIENCE, now, 100) for one in batch]
    assert count_to_fetch(home.lake, PATIENCE, now) == len(urls)
    return urls


def test_each_address_waits_once_and_in_batches(
    home: Home, shows: Callable[..., PostPicture], evening: datetime
) -> None:
    """An address that several posts show is given once, stored pictures are not, and no batch is too big."""
    rows = [shows(f"p{i:02}", None) for i in range(7)]
    again = [shows(f"q{i:02}", None, picture_url=row.picture_url) for i, row in enumerate(rows)]
    home.lake.append([*rows, *again, shows("known", "stored")])
    batches = list(to_fetch(home.lake, PATIENCE, evening, 3))
    assert [len(batch) for batch in batches] == [3, 3, 1]
    assert [one.url for batch in batches for one in batch] == sorted(row.picture_url for row in rows)
    assert count_to_fetch(home.lake, PATIENCE, evening) == 7


def test_a_failure_is_tried_again_after_a_pause_that_doubles(
    home: Home, shows: Callable[..., PostPicture], fetched: Callable[..., Fetch], evening: datetime
) -> None:
    """20 hours after the first failure, 40 after the second, and after the third never again."""
    home.lake.append([shows("a", None, picture_url=URL)])
    assert waiting(home, evening) == [URL]
    failed_at = evening
    for hours in (20, 40):
        home.lake.append([fetched(URL, None, attempted_at=failed_at)])
        again = failed_at + timedelta(hours=hours)
        assert waiting(home, again - timedelta(seconds=1)) == []
        assert waiting(home, again) == [URL]
        failed_at = again
    home.lake.append([fetched(URL, None, attempted_at=failed_at)])
    assert waiting(home, failed_at + timedelta(days=3650)) == []


def test_the_last_reason_decides(
    home: Home, shows: Callable[..., PostPicture], fetched: Callable[..., Fetch], evening: datetime
) -> None:
    """A trouble that passes is tried at once, one that stands later, and one that nobody listed not again."""
    home.lake.append([shows("a", None, picture_url=URL)])
    home.lake.append([fetched(URL, None, reason="timeout")])
    assert waiting(home, evening) == [URL]
    home.lake.append([fetched(URL, None, attempted_at=evening + timedelta(hours=1))])
    assert waiting(home, evening + timedelta(hours=1)) == []
    assert waiting(home, evening + timedelta(hours=41)) == [URL]
    home.lake.append([fetched(URL, None, attempted_at=evening + timedelta(hours=2), reason="unheard of")])
    assert waiting(home, evening + timedelta(days=99)) == []


def test_an_hour_is_an_instant(
    home: Home, shows: Callable[..., PostPicture], fetched: Callable[..., Fetch], evening: datetime
) -> None:
    """The clock of another time zone asks at the same instant."""
    home.lake.append([shows("a", None, picture_url=URL)])
    home.lake.append([fetched(URL, None)])
    again = (evening + timedelta(hours=20)).astimezone()
    assert waiting(home, again - timedelta(seconds=1)) == []
    assert waiting(home, again) == [URL]


def test_pauses_that_hosts_asked_for(home: Home, fetched: Callable[..., Fetch], evening: datetime) -> None:
    """Of hosts that want a pause still, and of those that answered since, one hears in order and in batches."""

    def minutes(past: float) -> datetime:
        return evening + timedelta(minutes=past)

    def put_off(url: str, at: float, until: float, reason: str = "busy") -> Fetch:
        return fetched(url, None, reason=reason, attempted_at=minutes(at), next_try_at=minutes(until))

    good = [fetched(f"http://b.example/{i}", "x", attempted_at=minutes(20 + i)) for i in range(3)]
    before = fetched("http://c.example/", "y", attempted_at=minutes(9))
    home.lake.append([put_off("http://b.example:8080/1?q", 21, 90), put_off("http://b.example/9", 10, 80)])
    home.lake.append([*good, before, put_off("http://over.example/", 11, 30)])
    home.lake.append([put_off("http://gone.example/", 12, 99, "gone")])
    batches = list(pauses_asked_for(home.lake, "busy", minutes(30), 2))
    assert batches == [
        [HostResponse("http://b.example", minutes(80)), HostResponse("http://b.example:8080", minutes(90))],
        [HostResponse("http://b.example", None)],
    ]
    assert list(pauses_asked_for(home.lake, "busy", minutes(90), 2)) == []


def links(home: Home) -> list[tuple[Any, ...]]:
    with home.lake.reader() as reader:
        return reader.execute("select post_id, sha256 from post_pictures order by all").fetchall()


def test_fetched_pictures_are_linked_to_all_posts_that_show_them(
    home: Home,
    shows: Callable[..., PostPicture],
    fetched: Callable[..., Fetch],
    sha: Callable[[str], str],
    evening: datetime,
) -> None:
    """A fetch that went well gives its hash to every post with its address; a second linking does nothing."""
    home.lake.append([shows("a", None, picture_url=URL), shows("b", None, picture_url=URL), shows("c", None)])
    tried = [fetched(URL, None), fetched(URL, "one", attempted_at=evening + timedelta(hours=1))]
    home.lake.append([*tried, fetched("http://cdn.example/c.jpg", None)])
    assert link_fetched(home.lake) == 2
    assert links(home) == [("a", sha("one")), ("b", sha("one")), ("c", None)]
    assert link_fetched(home.lake) == 0
    assert waiting(home, evening) == []


@pytest.fixture
def gallery(home: Home, stored: Callable[..., Picture]) -> Home:
    """A home folder with five stored pictures."""
    home.lake.append([stored(f"picture {i}") for i in range(5)])
    return home


def unasked(home: Home, classifier: str, version: str) -> set[str]:
    found = [one for batch in to_label(home.lake, classifier, version, 100) for one in batch]
    assert count_to_label(home.lake, classifier, version) == len(found)
    return {one.sha256 for one in found}


def test_pictures_are_labelled_once_a_version(
    gallery: Home,
    labelled: Callable[..., PictureLabel],
    unlabelled: Callable[..., Unlabelled],
    sha: Callable[[str], str],
) -> None:
    """A picture with labels, or without any, waits no more for that version; others ask for themselves."""
    labels = [labelled("picture 0", "cat"), labelled("picture 0", "dog", rank=2)]
    gallery.lake.append(labels)
    gallery.lake.append([unlabelled("picture 1")])
    everything = {sha(f"picture {i}") for i in range(5)}
    assert unasked(gallery, "model", "1") == everything - {sha("picture 0"), sha("picture 1")}
    assert unasked(gallery, "model", "2") == everything
    assert unasked(gallery, "other", "1") == everything
    assert count_pictures(gallery.lake) == 5


def test_pictures_to_label_come_in_batches(gallery: Home, sha: Callable[[str], str]) -> None:
    """Readers hand over batches of the asked size, each picture once with its file, in a fixed order."""
    batches = list(to_label(gallery.lake, "model", "1", 2))
    assert [len(batch) for batch in batches] == [2, 2, 1]
    hashes = sorted(sha(f"picture {i}") for i in range(5))
    assert list(chain.from_iterable(batches)) == [StoredPicture(one, f"pictures/{one}.jpg") for one in hashes]


def test_a_reader_that_is_left_half_way_lets_go(
    gallery: Home, labelled: Callable[..., PictureLabel], sha: Callable[[str], str]
) -> None:
    """What is labelled between two batches is not asked for again, and a reader may be left half way."""
    batches = to_label(gallery.lake, "model", "1", 2)
    first = next(batches)
    gallery.lake.append([labelled("picture 0", "cat")])
    rest = [one.sha256 for batch in batches for one in batch]
    taken = {one.sha256 for one in first}
    assert len(rest) == len(set(rest)) and taken.isdisjoint(rest)
    assert {sha(f"picture {i}") for i in range(1, 5)} <= taken.union(rest)
    gallery.lake.append([labelled(f"picture {i}", "cat") for i in range(5)])
    assert next(to_label(gallery.lake, "model", "2", 2))
    assert unasked(gallery, "model", "1") == set()
