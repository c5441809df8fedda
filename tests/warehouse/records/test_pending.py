"""Pending pictures: each once, failures after their delay, and all in batches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest

from warehouse.home import Home
from warehouse.records import pending
from warehouse.records.pending import (
    HostResponse,
    RetrySchedule,
    StoredPicture,
    count_pictures,
    count_to_fetch,
    count_to_label,
    host_delays,
    link_fetched_pictures,
    pictures_to_fetch,
    pictures_to_label,
)
from warehouse.schema.picture_tables import Fetch, Picture, PictureLabel, Unlabelled
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import PostPicture
from warehouse.storage import hash_index
from warehouse.storage.key_lookup import find_files

URL = "http://cdn.example/a.jpg"
SCHEDULES = {"gone": RetrySchedule(hours=20, tries=3), "timeout": RetrySchedule(hours=0, tries=2)}


def pending_urls(home: Home, now: datetime) -> list[str]:
    urls = [one.url for batch in pictures_to_fetch(home.lake, SCHEDULES, now, 100) for one in batch]
    assert count_to_fetch(home.lake, SCHEDULES, now) == len(urls)
    return urls


def test_each_pending_address_is_listed_once_and_in_batches(
    home: Home, post_picture_row: Callable[..., PostPicture], evening: datetime
) -> None:
    """An address of several posts is listed once, stored pictures are not, and no batch exceeds its size."""
    rows = [post_picture_row(f"p{i:02}", None) for i in range(7)]
    again = [post_picture_row(f"q{i:02}", None, picture_url=row.picture_url) for i, row in enumerate(rows)]
    home.lake.append([*rows, *again, post_picture_row("known", "stored")])
    batches = list(pictures_to_fetch(home.lake, SCHEDULES, evening, 3))
    assert [len(batch) for batch in batches] == [3, 3, 1]
    assert [one.url for batch in batches for one in batch] == sorted(row.picture_url for row in rows)
    assert count_to_fetch(home.lake, SCHEDULES, evening) == 7


def test_a_failure_is_retried_after_a_delay_that_doubles(
    home: Home,
    post_picture_row: Callable[..., PostPicture],
    fetch_row: Callable[..., Fetch],
    evening: datetime,
) -> None:
    """The retries are 20 hours after the first failure, 40 after the second, and never after the third."""
    home.lake.append([post_picture_row("a", None, picture_url=URL)])
    assert pending_urls(home, evening) == [URL]
    failed_at = evening
    for hours in (20, 40):
        home.lake.append([fetch_row(URL, None, attempted_at=failed_at)])
        again = failed_at + timedelta(hours=hours)
        assert pending_urls(home, again - timedelta(seconds=1)) == []
        assert pending_urls(home, again) == [URL]
        failed_at = again
    home.lake.append([fetch_row(URL, None, attempted_at=failed_at)])
    assert pending_urls(home, failed_at + timedelta(days=3650)) == []


def test_the_last_reason_decides_the_time_of_the_retry(
    home: Home,
    post_picture_row: Callable[..., PostPicture],
    fetch_row: Callable[..., Fetch],
    evening: datetime,
) -> None:
    """A temporary failure is retried at once, a lasting one later, and one with an unknown reason never."""
    home.lake.append([post_picture_row("a", None, picture_url=URL)])
    home.lake.append([fetch_row(URL, None, reason="timeout")])
    assert pending_urls(home, evening) == [URL]
    home.lake.append([fetch_row(URL, None, attempted_at=evening + timedelta(hours=1))])
    assert pending_urls(home, evening + timedelta(hours=1)) == []
    assert pending_urls(home, evening + timedelta(hours=41)) == [URL]
    home.lake.append([fetch_row(URL, None, attempted_at=evening + timedelta(hours=2), reason="unknown")])
    assert pending_urls(home, evening + timedelta(days=99)) == []


def test_the_current_time_may_have_any_time_zone(
    home: Home,
    post_picture_row: Callable[..., PostPicture],
    fetch_row: Callable[..., Fetch],
    evening: datetime,
) -> None:
    """A time of another zone gives the same result as the same instant in UTC."""
    home.lake.append([post_picture_row("a", None, picture_url=URL)])
    home.lake.append([fetch_row(URL, None)])
    again = (evening + timedelta(hours=20)).astimezone()
    assert pending_urls(home, again - timedelta(seconds=1)) == []
    assert pending_urls(home, again) == [URL]


def test_delays_and_later_successes_of_hosts_are_listed_in_order(
    home: Home, fetch_row: Callable[..., Fetch], evening: datetime
) -> None:
    """Current delays of hosts, and pictures that came after them, are listed in order of time and in batches."""

    def minutes(past: float) -> datetime:
        return evening + timedelta(minutes=past)

    def delayed(url: str, at: float, until: float, reason: str = "busy") -> Fetch:
        return fetch_row(url, None, reason=reason, attempted_at=minutes(at), next_try_at=minutes(until))

    good = [fetch_row(f"http://b.example/{i}", "x", attempted_at=minutes(20 + i)) for i in range(3)]
    before = fetch_row("http://c.example/", "y", attempted_at=minutes(9))
    home.lake.append([delayed("http://b.example:8080/1?q", 21, 90), delayed("http://b.example/9", 10, 80)])
    home.lake.append([*good, before, delayed("http://over.example/", 11, 30)])
    home.lake.append([delayed("http://gone.example/", 12, 99, "gone")])
    batches = list(host_delays(home.lake, "busy", minutes(30), 2))
    assert batches == [
        [HostResponse("http://b.example", minutes(80)), HostResponse("http://b.example:8080", minutes(90))],
        [HostResponse("http://b.example", None)],
    ]
    assert list(host_delays(home.lake, "busy", minutes(90), 2)) == []


def links(home: Home) -> list[tuple[Any, ...]]:
    with home.lake.reader() as reader:
        return reader.execute("select post_id, sha256 from post_pictures order by all").fetchall()


@pytest.mark.slow
def test_fetched_pictures_are_linked_to_all_posts_that_show_them(
    home: Home,
    post_picture_row: Callable[..., PostPicture],
    fetch_row: Callable[..., Fetch],
    sha: Callable[[str], str],
    evening: datetime,
) -> None:
    """A successful fetch gives its hash to every post with its address; a second call changes nothing."""
    home.lake.append(
        [
            post_picture_row("a", None, picture_url=URL),
            post_picture_row("b", None, picture_url=URL),
            post_picture_row("c", None),
        ]
    )
    tried = [fetch_row(URL, None), fetch_row(URL, "one", attempted_at=evening + timedelta(hours=1))]
    home.lake.append([*tried, fetch_row("http://cdn.example/c.jpg", None)])
    assert link_fetched_pictures(home.lake) == 2
    assert links(home) == [("a", sha("one")), ("b", sha("one")), ("c", None)]
    assert link_fetched_pictures(home.lake) == 0
    assert pending_urls(home, evening) == []


@pytest.mark.parametrize("most_searched", [0, 2, 20_000])
def test_a_picture_is_linked_whichever_file_has_its_attempt(
    home: Home,
    post_picture_row: Callable[..., PostPicture],
    fetch_row: Callable[..., Fetch],
    sha: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    most_searched: int,
) -> None:
    """With an index of the attempts or without one: a new post links to a picture of an old night and to a new one."""
    monkeypatch.setattr(pending, "MAX_SEARCHED", most_searched)
    monkeypatch.setattr(hash_index, "MIN_ROWS", 1)
    urls = [f"http://cdn.example/{number}.jpg" for number in range(4)]
    for number, url in enumerate(urls):
        home.lake.append([fetch_row(url, f"picture {number}")])
    home.lake.append(
        [post_picture_row(f"p{number}", None, picture_url=urls[number]) for number in (0, 3)]
        + [post_picture_row("q", None)]
    )
    assert link_fetched_pictures(home.lake) == 2
    assert links(home) == [("p0", sha("picture 0")), ("p3", sha("picture 3")), ("q", None)]


def test_a_search_for_an_attempt_finds_its_file_and_small_ones(
    home: Home, fetch_row: Callable[..., Fetch], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many files a query reads these. An index that was deleted is made again."""
    monkeypatch.setattr(hash_index, "MIN_ROWS", 2)
    urls = [f"http://cdn.example/{number}.jpg" for number in range(5)]
    home.lake.append([fetch_row(url, "a") for url in urls[:2]])
    first = home.lake.files("fetches")
    home.lake.append([fetch_row(url, "b") for url in urls[2:4]])
    second = sorted(set(home.lake.files("fetches")) - set(first))
    home.lake.append([fetch_row(urls[4], "c")])
    small = sorted(set(home.lake.files("fetches")) - {*first, *second})
    assert sorted(find_files(home.lake, "fetches", [urls[1]])) == sorted([*first, *small])
    assert sorted(find_files(home.lake, "fetches", [urls[2], "http://new.example"])) == sorted(
        [*second, *small]
    )
    hash_index.remove_index(home.lake.folder, "fetches")
    assert find_files(home.lake, "fetches", ["http://new.example"]) == small


@pytest.fixture
def gallery(home: Home, picture_row: Callable[..., Picture]) -> Home:
    """A home folder with five stored pictures."""
    home.lake.append([picture_row(f"picture {i}") for i in range(5)])
    return home


def pending_hashes(home: Home, classifier: str, version: str) -> set[str]:
    found = [one for batch in pictures_to_label(home.lake, classifier, version, 100) for one in batch]
    assert count_to_label(home.lake, classifier, version) == len(found)
    return {one.sha256 for one in found}


def test_a_picture_is_labelled_once_per_version(
    gallery: Home,
    label_row: Callable[..., PictureLabel],
    unlabelled_row: Callable[..., Unlabelled],
    sha: Callable[[str], str],
) -> None:
    """A picture with labels, or with a row in `unlabelled`, is not pending for that classifier and version."""
    labels = [label_row("picture 0", "cat"), label_row("picture 0", "dog", rank=2)]
    gallery.lake.append(labels)
    gallery.lake.append([unlabelled_row("picture 1")])
    everything = {sha(f"picture {i}") for i in range(5)}
    assert pending_hashes(gallery, "model", "1") == everything - {sha("picture 0"), sha("picture 1")}
    assert pending_hashes(gallery, "model", "2") == everything
    assert pending_hashes(gallery, "other", "1") == everything
    assert count_pictures(gallery.lake) == 5


@pytest.mark.slow
def test_only_new_pictures_are_compared_after_a_complete_run(
    gallery: Home,
    picture_row: Callable[..., Picture],
    label_row: Callable[..., PictureLabel],
    sha: Callable[[str], str],
    evening: datetime,
) -> None:
    """A picture from a day before the lane's last complete run of this version is not compared, unless all have to be."""
    gallery.lake.append([label_row(f"picture {i}", "cat") for i in range(4)])
    gallery.lake.append([picture_row("new", fetched_at=evening + timedelta(hours=2))])
    forgotten, new = sha("picture 4"), sha("new")
    assert pending_hashes(gallery, "model", "1") == {forgotten, new}
    gallery.lake.append([lane_row("incomplete", "1", evening), lane_row("done", "2", evening)])
    assert pending_hashes(gallery, "model", "1") == {forgotten, new}
    gallery.lake.append([lane_row("done", "1", evening + timedelta(days=1, hours=1))])
    assert pending_hashes(gallery, "model", "1") == {new}
    assert count_to_label(gallery.lake, "model", "1", compare_all=True) == 2
    [everything] = pictures_to_label(gallery.lake, "model", "1", 10, compare_all=True)
    assert {one.sha256 for one in everything} == {forgotten, new}
    gallery.lake.append([label_row("new", "cat", labelled_at=evening + timedelta(days=1, hours=2))])
    assert pending_hashes(gallery, "model", "1") == set()


def test_pictures_are_labelled_after_the_clock_was_set_back(gallery: Home, sha: Callable[[str], str]) -> None:
    """A complete run that began in the future does not hide the pictures of a clock that is right again."""
    gallery.lake.append([lane_row("done", "1", datetime.now(UTC) + timedelta(days=9))])
    assert pending_hashes(gallery, "model", "1") == {sha(f"picture {i}") for i in range(5)}


def lane_row(status: str, version: str, began: datetime) -> StageRun:
    """A row of the lane 'model' in the journal, in a run of its own."""
    empty = dict.fromkeys(("ended_at", "items", "failures", "message"))
    run = {"run_id": f"{status} {version}", "stage": "classify", "lane": "model", "started_at": began}
    return StageRun(**run, status=status, version=version, **empty)


def test_pictures_to_label_come_in_batches(gallery: Home, sha: Callable[[str], str]) -> None:
    """Batches have the requested size, with each picture once and in a fixed order."""
    batches = list(pictures_to_label(gallery.lake, "model", "1", 2))
    assert [len(batch) for batch in batches] == [2, 2, 1]
    hashes = sorted(sha(f"picture {i}") for i in range(5))
    assert list(chain.from_iterable(batches)) == [StoredPicture(one, f"pictures/{one}.jpg") for one in hashes]


def test_pictures_that_are_labelled_meanwhile_are_not_listed_again(
    gallery: Home, label_row: Callable[..., PictureLabel], sha: Callable[[str], str]
) -> None:
    """Pictures that are labelled between two batches are not listed again, and an iterator may be abandoned."""
    batches = pictures_to_label(gallery.lake, "model", "1", 2)
    first = next(batches)
    gallery.lake.append([label_row("picture 0", "cat")])
    rest = [one.sha256 for batch in batches for one in batch]
    taken = {one.sha256 for one in first}
    assert len(rest) == len(set(rest)) and taken.isdisjoint(rest)
    assert {sha(f"picture {i}") for i in range(1, 5)} <= taken.union(rest)
    gallery.lake.append([label_row(f"picture {i}", "cat") for i in range(5)])
    assert next(pictures_to_label(gallery.lake, "model", "2", 2))
    assert pending_hashes(gallery, "model", "1") == set()
