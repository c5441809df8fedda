"""A pause that a host asked for in one run holds in the next ones, for all its pictures, until its time is over."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasks.fetch.hosts import host_name
from tasks.fetch.reasons import Reason
from warehouse.pending import pauses_asked_for
from warehouse.publish import publish, published
from warehouse.tables import Fetch

BOTH = frozenset({"127.0.0.1", "localhost"})
HOUR = 3600.0


def earlier(url: str, seconds_ago: float, pause: float | None, took: float = 0.1) -> Fetch:
    """A try so long ago that a host put off, with the pause it asked for, in seconds; or, with None, one that went well."""
    at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    return Fetch(
        picture_url=url,
        attempted_at=at,
        status="ok" if pause is None else "failed",
        reason=None if pause is None else "busy",
        http_status=200 if pause is None else 429,
        sha256="ab" * 32 if pause is None else None,
        seconds=took,
        next_try_at=None if pause is None else at + timedelta(seconds=pause),
    )


@pytest.fixture
def gallery(server: Any, fetching: Any, picture: Callable[..., bytes]) -> Any:
    """Five pictures on each of two hosts that wait to be fetched."""
    for number in range(5):
        server.serve(f"/{number}", picture(number))
    fetching.want([server.url(path, host) for path in server.pages for host in sorted(BOTH)])
    return server


def test_the_next_run_keeps_to_it(gallery: Any, fetching: Any) -> None:
    """A host that wanted an hour is not asked at all by the next run, which says so and fetches the other host's."""
    fetching.home.lake.append([earlier(gallery.url("/asked-then"), 600, HOUR)])
    ended = fetching.run(allow_private_hosts=BOTH)
    assert (ended.status, ended.items, ended.failures) == ("incomplete", 5, 5)
    assert ended.message == (
        f"5 pictures were not asked for, because their hosts want a pause: 5 of 127.0.0.1:{gallery.port}."
        " The next run tries again."
    )
    assert {sent["Host"] for sent in gallery.headers} == {f"localhost:{gallery.port}"}
    assert fetching.rows("select count(*) from fetches where picture_url like '%127%'") == [(1,)]


def test_a_short_rest_is_waited_for(gallery: Any, fetching: Any) -> None:
    """Where less than a minute is left of a pause, the run waits for its end, and fetches other hosts' meanwhile."""
    fetching.home.lake.append([earlier(gallery.url("/asked-then"), HOUR, HOUR + 2)])
    began = datetime.now(UTC)
    assert fetching.run(allow_private_hosts=BOTH).status == "done"
    first = dict(
        fetching.rows("""select picture_url like '%127%', min(attempted_at) from fetches
                         where status = 'ok' group by all""")
    )
    start = began.replace(tzinfo=None)
    assert first[True] - start > timedelta(seconds=1.2) > first[False] - start


# What happened before, in seconds ago (and the pause asked for; None: it went well), and whether the host is asked now.
BEFORE: dict[str, tuple[list[tuple[float, float | None]], bool]] = {
    "its time is over": ([(HOUR + 1, HOUR)], True),
    "it asked for nothing": ([(5, 0.0)], True),
    "it gave a picture since": ([(600, HOUR), (300, None)], True),
    "it gave one before": ([(600, HOUR), (900, None)], False),
    "one was under way then": ([(600, HOUR), (600 - 0.01, None)], False),
    "it gave one, and asked again": ([(600, HOUR), (300, None), (200, HOUR)], False),
    "others were put off meanwhile": ([(600, HOUR), (599.9, 0.0)], False),
}


@pytest.mark.parametrize("before", BEFORE)
def test_what_counts(before: str, server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """The longest pause counts that the host asked for since a picture was asked for that it gave."""
    tries, asked = BEFORE[before]
    rows = [earlier(server.url(f"/{place}"), ago, pause) for place, (ago, pause) in enumerate(tries)]
    fetching.home.lake.append(rows)
    fetching.want([server.serve("/now", picture(1))])
    assert fetching.run().items == asked
    assert bool(server.asked) == asked


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("HTTP://LOCALHOST.:{port}/x", True),
        ("https://me:secret@localhost:{port}?x=//127.0.0.1/", True),
        ("http://localhost:{port}", True),
        (" http:/\t/local\nhost:{port}/x", True),
        ("http://localhost/x", False),
        ("http://localhost:1{port}/x", False),
        ("http://127.0.0.1:{port}/localhost:{port}/x", False),
        ("http://localhost.example:{port}/x", False),
    ],
)
def test_one_host_in_many_writings(
    written: str, same: bool, server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """However the address was written at which a host asked for its pause, it is that host's, with its port."""
    server.serve("/now", picture(1))
    fetching.home.lake.append([earlier(written.format(port=server.port), 600, HOUR)])
    fetching.want([server.url("/now", "localhost")])
    assert fetching.run(allow_private_hosts=BOTH).items == (not same)


def test_nobodys_pause(server: Any, fetching: Any) -> None:
    """Addresses without a readable host have no host in common: another's pause does not keep them waiting."""
    fetching.home.lake.append([earlier(f"http://127.0.0.1:+{server.port}/x", 600, HOUR)])
    fetching.want(["http://a.example:port/x"])
    assert fetching.run().message == "1 pictures could not be fetched: 1 bad_address."


ODD_PARTS = [
    "http",
    ":",
    "/",
    "//",
    "@",
    "a",
    "B.example",
    "[::1]",
    ":80",
    "?",
    "#",
    "\\",
    "\t",
    "\n",
    " ",
    ".",
]


def test_lake_and_run_agree_on_hosts(fetching: Any) -> None:
    """Whatever an address looks like, the lake's shorter form of it has the same host."""
    chance = random.Random(1)
    urls = ["".join(chance.choices(ODD_PARTS, k=chance.randrange(10))) for _ in range(4000)]
    urls += [f"http://{url}" for url in urls]
    now = datetime.now(UTC)
    fetching.home.lake.append([earlier(url, 3000 - place / 100, HOUR) for place, url in enumerate(urls)])
    (answers,) = pauses_asked_for(fetching.home.lake, Reason.BUSY, now, len(urls))
    assert [host_name(answer.url) for answer in answers] == [host_name(url) for url in urls]
    assert len({host_name(url) for url in urls}) > 100
    assert sum(len(answer.url) < len(url) for answer, url in zip(answers, urls, strict=True)) > 1000


def test_many_put_off_are_few(fetching: Any) -> None:
    """Thousands of pictures of one host that it put off, or gave, are one line to the next run."""
    now = datetime.now(UTC)
    rows = [earlier(f"http://cdn.example/{number}.jpg", HOUR, None) for number in range(3000)]
    put_off = earlier("http://cdn.example/busy.jpg", 2 * HOUR, 9 * HOUR)
    fetching.home.lake.append([*rows, put_off])
    (answers,) = pauses_asked_for(fetching.home.lake, Reason.BUSY, now, 100)
    assert [answer.pause_until is None for answer in answers] == [False, True]
    assert answers[0].pause_until == put_off.next_try_at


def test_what_was_left_is_no_failure(gallery: Any, fetching: Any) -> None:
    """Pictures that a run left for their host's sake are among no failed ones, and cost none of their tries."""
    fetching.home.lake.append([earlier(gallery.url("/asked-then"), 600, HOUR)])
    for _ in range(3):
        fetching.run(allow_private_hosts=BOTH)
    publish(fetching.home)
    with published(fetching.home) as database:
        told = database.execute("select picture_url, reason, tries from failed_pictures").fetchall()
    assert told == [(gallery.url("/asked-then"), "busy", 1)]
