"""Each host's limit, its pauses, and its end in a run. No host delays another."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from tasks.fetch.attempt import Attempt, Reason
from tasks.fetch.download import Limits
from tasks.fetch.hosts import Hosts, Job

BOTH = frozenset({"127.0.0.1", "localhost"})


def serve_many(server: Any, picture: Callable[..., bytes], number: int) -> list[str]:
    """The paths of that many pictures."""
    paths = [f"/{place:04}" for place in range(number)]
    for path in paths:
        server.serve(path, picture(int(path[1:])))
    return paths


@pytest.mark.parametrize("per_host", [1, 3])
def test_a_host_gets_at_most_its_requests_at_once(
    per_host: int, server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """However many pictures a host has, it gets as many requests at once as the settings say."""
    all_active = asyncio.Event()

    async def wait(request: web.BaseRequest) -> web.StreamResponse:
        if server.active == per_host:
            all_active.set()
        await all_active.wait()
        return web.Response(body=picture(int(request.path[1:])))

    server.pages = {f"/{number}": wait for number in range(12)}
    fetching.add_pictures([server.url(path) for path in server.pages])
    assert fetching.run(concurrency=8, per_host=per_host).items == 12
    assert server.max_active == per_host


@pytest.mark.slow
@pytest.mark.usefixtures("short_pauses")
def test_a_silent_host_delays_no_other(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A silent host can't take all slots: it responds only after all pictures of another host were requested."""
    number = 60
    other_is_done = asyncio.Event()

    async def silent(request: web.BaseRequest) -> web.StreamResponse:
        await other_is_done.wait()
        return web.Response(status=404)

    async def good(request: web.BaseRequest) -> web.StreamResponse:
        if sum(path.startswith("/good") for path in server.requests) == number:
            other_is_done.set()
        return web.Response(body=picture(int(request.path.removeprefix("/good"))))

    stuck, paths = [f"/a{place}" for place in range(30)], [f"/good{place}" for place in range(number)]
    server.pages = dict.fromkeys(stuck, silent) | dict.fromkeys(paths, good)
    fetching.add_pictures([*map(server.url, stuck), *(server.url(path, "localhost") for path in paths)])
    result = fetching.run(concurrency=8, allow_private_hosts=BOTH, limits=Limits(total_seconds=600.0))
    assert (result.items, result.failures) == (number, 30)


def test_a_host_pauses_as_long_as_it_requests(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A host that requests a pause gets no request while it lasts, and then all of them."""
    times: list[float] = []

    async def busy_at_first(request: web.BaseRequest) -> web.StreamResponse:
        times.append(time.monotonic())
        if len(times) == 1:
            return web.Response(status=429, headers={"Retry-After": "1"})
        return web.Response(body=picture(int(request.path[1:])))

    server.pages = {f"/{number}": busy_at_first for number in range(10)}
    fetching.add_pictures([server.url(path) for path in server.pages])
    result = fetching.run(per_host=1)
    assert (result.status, result.items) == ("done", 10)
    assert len(times) == 11 and times[1] - times[0] >= 1.0


def test_a_pause_holds_for_its_host_alone() -> None:
    """While one host pauses, pictures of another may start."""
    hosts = Hosts(concurrency=8, per_host=8)
    paused, other = (hosts.host_of(f"http://{name}/") for name in ("a.example", "b.example"))
    for host in (paused, other):
        host.pending.append(Job("", 0))
    paused.record(Attempt(datetime.now(UTC), 0.1, 429, Reason.BUSY, retry_after=30.0), began=100.0, now=101.0)
    assert [hosts.may_start(host, 130.0) for host in (paused, other)] == [False, True]
    assert [hosts.may_start(host, 132.0) for host in (paused, other)] == [True, True]


def test_a_host_with_a_long_pause_is_skipped(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A host that requests an hour gets no more requests in this run and the next; both report the skipped pictures."""
    paths = serve_many(server, picture, 10)
    server.serve("/0000", status=503, headers={"Retry-After": "3600"})
    fetching.add_pictures([*(server.url(path) for path in paths), server.url("/0001", "localhost")])
    result = fetching.run(concurrency=1, allow_private_hosts=BOTH)
    assert (result.status, result.items) == ("incomplete", 1)
    skipped = (
        f"9 pictures were not requested, because their hosts require a pause: 9 of 127.0.0.1:{server.port}."
    )
    assert skipped in result.message
    assert server.requests == {"/0000": 1, "/0001": 1}
    ((at, again),) = fetching.rows("select attempted_at, next_try_at from fetches where reason = 'busy'")
    assert again - at == timedelta(hours=1)
    assert fetching.run().message == f"{skipped} The next run retries."
    assert server.requests == {"/0000": 1, "/0001": 1}


@pytest.mark.usefixtures("short_pauses")
def test_a_host_that_stays_busy_is_given_up(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A host that always responds 503 does not get a request for each of its pictures."""
    paths = serve_many(server, picture, 200)
    for path in paths:
        server.serve(path, status=503)
    fetching.add_pictures([server.url(path) for path in paths])
    result = fetching.run()
    assert (result.status, result.items, result.failures) == ("incomplete", 0, 200)
    assert sum(server.requests.values()) < 100


@pytest.mark.slow
@pytest.mark.usefixtures("short_pauses")
def test_an_unreachable_host_is_given_up(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """An unreachable host is given up after some attempts: each of its pictures has a row, few cost a request."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    dead = [f"http://127.0.0.1:{port}/{number}.jpg" for number in range(300)]
    fetching.add_pictures([*dead, server.serve("/a", picture(1))])
    result = fetching.run()
    assert (result.status, result.items, result.failures) == ("incomplete", 1, 300)
    rows = "select count(distinct picture_url), count(*) < 400 from fetches where reason = 'unreachable'"
    assert fetching.rows(rows) == [(300, True)]


@pytest.mark.usefixtures("short_pauses")
def test_a_host_that_recovers_loses_no_picture(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A host that hangs up on all requests for a while is retried, and none of its pictures is lost."""
    paths = serve_many(server, picture, 100)
    calls = 0

    async def hang_up(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal calls
        calls += 1
        if calls <= 33:
            assert request.transport is not None
            request.transport.close()
            raise asyncio.CancelledError
        return web.Response(body=picture(int(request.path[1:])))

    server.pages = dict.fromkeys(paths, hang_up)
    fetching.add_pictures([server.url(path) for path in paths])
    assert (fetching.run().status, len(fetching.stored_files())) == ("done", 100)


@pytest.mark.slow
def test_a_list_larger_than_memory_is_read_again(
    server: Any, fetching: Any, picture: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures of a host beyond the limit in memory are read again; each gets one request."""
    monkeypatch.setattr("tasks.fetch.pipeline.MAX_PENDING_PER_HOST", 5)
    monkeypatch.setattr("tasks.fetch.pipeline.MAX_PENDING", 12)
    monkeypatch.setattr("tasks.fetch.stage.READ_PICTURES", 7)
    paths = serve_many(server, picture, 60)
    fetching.add_pictures([server.url(path, host) for path in paths for host in BOTH])
    assert fetching.run(concurrency=4, per_host=1, allow_private_hosts=BOTH).items == 120
    assert set(server.requests.values()) == {2}


def test_a_run_ends_with_a_full_batch(
    server: Any, fetching: Any, picture: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run ends also when its last picture fills a batch of rows."""
    monkeypatch.setattr("tasks.fetch.results.BATCH_ROWS", 5)
    fetching.add_pictures([server.url(path) for path in serve_many(server, picture, 10)])
    assert fetching.run(concurrency=1).items == 10
