"""What each host is asked for: its share, its pauses, and the end of patience with it. No host costs another anything."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from tasks.fetch.download import Limits

BOTH = frozenset({"127.0.0.1", "localhost"})


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own pauses last no time; those that a host asks for do."""
    monkeypatch.setattr("tasks.fetch.hosts.pause_seconds", lambda tried, part: 0.01)
    monkeypatch.setattr("tasks.fetch.pipeline.pause_seconds", lambda tried, part: 0.01)


def serve_many(server: Any, picture: Callable[..., bytes], number: int, seconds: float = 0.0) -> list[str]:
    """Paths of that many pictures, each after a while."""

    async def slow(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return web.Response(body=picture(int(request.path[1:])))

    paths = [f"/{place:04}" for place in range(number)]
    server.pages |= dict.fromkeys(paths, slow)
    return paths


@pytest.mark.parametrize("per_host", [1, 3])
def test_share_of_a_host(per_host: int, server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """No host is asked for more at once than the settings say, however many pictures it has."""
    fetching.want([server.url(path) for path in serve_many(server, picture, 12, 0.02)])
    assert fetching.run(concurrency=8, per_host=per_host).items == 12
    assert server.most_at_once == per_host


@pytest.mark.usefixtures("short_pauses")
def test_silent_host_holds_nobody_up(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """Pictures of a host that falls silent wait for it alone: another host's are all asked for meanwhile."""

    async def silent(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    server.pages |= {f"/silent{number}": silent for number in range(30)}
    stuck = [server.url(path) for path in server.pages]
    good = [server.url(path, "localhost") for path in serve_many(server, picture, 60)]
    fetching.want([*stuck, *good])
    limits = Limits(total_seconds=1.0)
    fetching.run(concurrency=8, allow_private_hosts=BOTH, limits=limits)
    times = "select min(attempted_at), max(attempted_at) from fetches where picture_url like '%localhost%'"
    (first, last) = fetching.rows(times)[0]
    assert fetching.rows("select count(*) from pictures") == [(60,)]
    assert last - first < timedelta(seconds=1.0), "that is before the first of the silent ones timed out"


def test_asked_pause_is_the_hosts(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """While a pause lasts that a host asked for, none of its pictures is asked for, and those of others are."""
    asked: list[tuple[str, float]] = []

    async def busy_at_first(request: web.BaseRequest) -> web.StreamResponse:
        asked.append((request.host.split(":")[0], time.monotonic()))
        if len([1 for host, _ in asked if host == "127.0.0.1"]) == 1 and asked[-1][0] == "127.0.0.1":
            return web.Response(status=429, headers={"Retry-After": "2"})
        return web.Response(body=picture(int(request.path[1:])))

    server.pages = {f"/{number}": busy_at_first for number in range(20)}
    fetching.want([server.url(path, host) for path in server.pages for host in BOTH])
    ended = fetching.run(concurrency=2, per_host=1, allow_private_hosts=BOTH)
    assert (ended.status, ended.items) == ("done", 40)
    busy = [at for host, at in asked if host == "127.0.0.1"]
    assert len(busy) == 21 and min(busy[1:]) - busy[0] >= 2.0
    others = [at for host, at in asked if host == "localhost"]
    assert len(others) == 20 and max(others) - busy[0] < 2.0


def test_longer_pause_than_a_run_waits(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A host that wants an hour is asked no more in this run, nor in the next; both say what they left."""
    paths = serve_many(server, picture, 10)
    server.serve("/0000", status=503, headers={"Retry-After": "3600"})
    fetching.want([*(server.url(path) for path in paths), server.url("/0001", "localhost")])
    ended = fetching.run(concurrency=1, allow_private_hosts=BOTH)
    assert (ended.status, ended.items) == ("incomplete", 1)
    left = f"9 pictures were not asked for, because their hosts want a pause: 9 of 127.0.0.1:{server.port}."
    assert left in ended.message
    assert server.asked == {"/0000": 1, "/0001": 1}
    ((at, again),) = fetching.rows("select attempted_at, next_try_at from fetches where reason = 'busy'")
    assert again - at == timedelta(hours=1)
    assert fetching.run().message == f"{left} The next run tries again."
    assert server.asked == {"/0000": 1, "/0001": 1}


@pytest.mark.usefixtures("short_pauses")
def test_host_that_stays_busy(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A host that answers 503 to everything is not asked for each of its pictures."""
    paths = serve_many(server, picture, 200)
    for path in paths:
        server.serve(path, status=503)
    fetching.want([server.url(path) for path in paths])
    ended = fetching.run()
    assert (ended.status, ended.items, ended.failures) == ("incomplete", 0, 200)
    assert sum(server.asked.values()) < 100


@pytest.mark.usefixtures("short_pauses")
def test_dead_host(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A host that nobody reaches is given up after some tries: each of its pictures has a row, few cost a request."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    dead = [f"http://127.0.0.1:{port}/{number}.jpg" for number in range(300)]
    fetching.want([*dead, server.serve("/a", picture(1))])
    ended = fetching.run()
    assert (ended.status, ended.items, ended.failures) == ("incomplete", 1, 300)
    rows = "select count(distinct picture_url), count(*) < 400 from fetches where reason = 'unreachable'"
    assert fetching.rows(rows) == [(300, True)]


@pytest.mark.usefixtures("short_pauses")
def test_host_that_comes_back(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A host that hangs up on everyone for a moment is asked again, and nothing of it is lost."""
    paths = serve_many(server, picture, 100)
    good, calls = server.pages[paths[0]], 0

    async def hang_up(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal calls
        calls += 1
        if calls <= 33:
            assert request.transport is not None
            request.transport.close()
            raise asyncio.CancelledError
        return await good(request)

    server.pages = dict.fromkeys(paths, hang_up)
    fetching.want([server.url(path) for path in paths])
    assert (fetching.run().status, len(fetching.stored())) == ("done", 100)


def test_list_larger_than_memory(
    server: Any, fetching: Any, picture: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits for one host beyond what is held in memory is read again, and each picture is asked for once."""
    monkeypatch.setattr("tasks.fetch.pipeline.MAX_AT_A_HOST", 5)
    monkeypatch.setattr("tasks.fetch.pipeline.MAX_WAITING", 12)
    monkeypatch.setattr("tasks.fetch.stage.READ_PICTURES", 7)
    paths = serve_many(server, picture, 60)
    fetching.want([server.url(path, host) for path in paths for host in BOTH])
    assert fetching.run(concurrency=4, per_host=1, allow_private_hosts=BOTH).items == 120
    assert set(server.asked.values()) == {2}


def test_end_with_a_whole_batch(
    server: Any, fetching: Any, picture: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run ends also when its last picture fills a batch of rows."""
    monkeypatch.setattr("tasks.fetch.results.BATCH_ROWS", 5)
    fetching.want([server.url(path) for path in serve_many(server, picture, 10)])
    assert fetching.run(concurrency=1).items == 10
