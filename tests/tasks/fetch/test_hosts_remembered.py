"""A pause that a host requests in one run holds in the next ones, for all its pictures, until it is over."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasks.fetch.attempt import Reason
from tasks.fetch.hosts import Hosts, Job, host_name
from warehouse.database.publish import publish
from warehouse.published import published
from warehouse.records.pending import HostResponse, host_delays
from warehouse.schema.picture_tables import Fetch

BOTH = frozenset({"127.0.0.1", "localhost"})
HOUR = 3600.0


def earlier_fetch(url: str, seconds_ago: float, pause: float | None, took: float = 0.1) -> Fetch:
    """An earlier attempt: busy, with the requested pause in seconds, or successful, with None."""
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
    """Five pending pictures on each of two hosts."""
    for number in range(5):
        server.serve(f"/{number}", picture(number))
    fetching.add_pictures([server.url(path, host) for path in server.pages for host in sorted(BOTH)])
    return server


@pytest.mark.slow
def test_the_next_run_respects_the_pause(gallery: Any, fetching: Any) -> None:
    """A host that requested an hour gets no request from the next run, which reports it and fetches from the other host."""
    fetching.home.lake.append([earlier_fetch(gallery.url("/busy-before"), 600, HOUR)])
    result = fetching.run(allow_private_hosts=BOTH)
    assert (result.status, result.items, result.failures) == ("incomplete", 5, 5)
    assert result.message == (
        f"5 pictures were not requested, because their hosts require a pause: 5 of 127.0.0.1:{gallery.port}."
        " The next run retries."
    )
    assert {sent["Host"] for sent in gallery.headers} == {f"localhost:{gallery.port}"}
    assert fetching.rows("select count(*) from fetches where picture_url like '%127%'") == [(1,)]


def test_a_short_rest_of_a_pause_is_waited_for(gallery: Any, fetching: Any) -> None:
    """If less than a minute of a pause is left, the run waits for its end."""
    pause = earlier_fetch(gallery.url("/busy-before"), HOUR, HOUR + 2)
    fetching.home.lake.append([pause])
    assert fetching.run(allow_private_hosts=BOTH).status == "done"
    ((first,),) = fetching.rows(
        "select min(attempted_at) from fetches where status = 'ok' and picture_url like '%127%'"
    )
    assert first >= pause.next_try_at.replace(tzinfo=None)


# Earlier attempts as (seconds ago, requested pause; None: successful), and whether the host gets a request now.
BEFORE: dict[str, tuple[list[tuple[float, float | None]], bool]] = {
    "the pause is over": ([(HOUR + 1, HOUR)], True),
    "it requested no pause": ([(5, 0.0)], True),
    "it sent a picture since": ([(600, HOUR), (300, None)], True),
    "it sent one before": ([(600, HOUR), (900, None)], False),
    "one was under way then": ([(600, HOUR), (600 - 0.01, None)], False),
    "it sent one, and requested another pause": ([(600, HOUR), (300, None), (200, HOUR)], False),
    "others were busy meanwhile": ([(600, HOUR), (599.9, 0.0)], False),
}


@pytest.mark.parametrize("before", BEFORE)
def test_the_longest_pause_since_the_last_picture_counts(before: str, fetching: Any) -> None:
    """The longest pause counts that the host requested since the request for its last picture."""
    attempts, is_requested = BEFORE[before]
    urls = [f"http://a.example/{number}" for number in range(len(attempts))]
    rows = [earlier_fetch(url, ago, pause) for url, (ago, pause) in zip(urls, attempts, strict=True)]
    fetching.home.lake.append(rows)
    hosts, now = Hosts(8, 8), datetime.now(UTC)
    for responses in host_delays(fetching.home.lake, Reason.BUSY, now, 100):
        hosts.resume_pauses(responses, now, 0.0)
    host = hosts.host_of(urls[0])
    host.pending.append(Job(urls[0], 0))
    assert (host.given_up is None) == is_requested == hosts.may_start(host, 1.0)


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
def test_a_pause_holds_for_every_form_of_the_host(written: str, same: bool) -> None:
    """A pause belongs to the host and port of the address, whatever its form."""
    hosts, now = Hosts(8, 8), datetime.now(UTC)
    hosts.resume_pauses([HostResponse(written.format(port=8000), now + timedelta(hours=1))], now, 0.0)
    assert (hosts.host_of("http://localhost:8000/now").given_up == Reason.BUSY) == same


def test_a_pause_without_a_host_holds_for_none(server: Any, fetching: Any) -> None:
    """Addresses without a readable host do not share a pause."""
    fetching.home.lake.append([earlier_fetch(f"http://127.0.0.1:+{server.port}/x", 600, HOUR)])
    fetching.add_pictures(["http://a.example:port/x"])
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
    fetching.home.lake.append(
        [earlier_fetch(url, 3000 - place / 100, HOUR) for place, url in enumerate(urls)]
    )
    (responses,) = host_delays(fetching.home.lake, Reason.BUSY, now, len(urls))
    assert [host_name(response.url) for response in responses] == [host_name(url) for url in urls]
    assert len({host_name(url) for url in urls}) > 100
    assert sum(len(response.url) < len(url) for response, url in zip(responses, urls, strict=True)) > 1000


def test_many_responses_of_a_host_are_two_rows(fetching: Any) -> None:
    """Thousands of responses of a host are one row for its pause and one for its last picture."""
    now = datetime.now(UTC)
    rows = [earlier_fetch(f"http://cdn.example/{number}.jpg", HOUR, None) for number in range(3000)]
    busy = earlier_fetch("http://cdn.example/busy.jpg", 2 * HOUR, 9 * HOUR)
    fetching.home.lake.append([*rows, busy])
    (responses,) = host_delays(fetching.home.lake, Reason.BUSY, now, 100)
    assert [response.delayed_until is None for response in responses] == [False, True]
    assert responses[0].delayed_until == busy.next_try_at


@pytest.mark.slow
def test_a_skipped_picture_is_not_a_failure(gallery: Any, fetching: Any) -> None:
    """Pictures that a run skips because of a pause are not failed ones, and lose no try."""
    fetching.home.lake.append([earlier_fetch(gallery.url("/busy-before"), 600, HOUR)])
    for _ in range(3):
        fetching.run(allow_private_hosts=BOTH)
    publish(fetching.home)
    with published(fetching.home) as database:
        rows = database.execute("select picture_url, reason, tries from failed_pictures").fetchall()
    assert rows == [(gallery.url("/busy-before"), "busy", 1)]
