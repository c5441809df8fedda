"""Downloads on two Dask workers: the same pictures as on one machine, with each host's limits over both workers."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from tasks.cluster.opening import ClusterSession
from tasks.cluster.options import ClusterOptions
from tasks.cluster.protocol import WorkerDied
from tasks.cluster.versions import installed_versions, worker_versions
from tasks.fetch import stage
from tasks.fetch.download import FetchOptions, Limits
from tasks.fetch.on_cluster import driver
from tasks.fetch.on_cluster.exchange import can_store_beside
from tasks.fetch.on_cluster.host_owners import HostOwners
from tasks.fetch.on_cluster.joining import JoinRefused, prepare_session
from tasks.fetch.on_cluster.values import DownloadSession

pytestmark = pytest.mark.slow

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")


@dataclass
class Request:
    """A request in the server's log; times are of the server's clock, `worker` is the process that sent it."""

    host: str
    path: str
    began: float
    worker: int
    ended: float = 0.0
    status: int = 0


@dataclass
class HostServer:
    """A server for all local addresses, which logs every request."""

    respond: Callable[[Request], Awaitable[web.Response]]
    workers: list[int]
    port: int = 0
    log: list[Request] = field(default_factory=list)
    active: dict[str, list[Request]] = field(default_factory=dict)
    max_active: Counter[str] = field(default_factory=Counter)
    shared: list[str] = field(default_factory=list)

    async def handle(self, http: web.BaseRequest) -> web.StreamResponse:
        assert http.transport is not None
        port = http.transport.get_extra_info("peername")[1]
        worker = await asyncio.to_thread(self._sender, port)
        host = (http.headers["Host"]).split(":")[0]
        request = Request(host, http.path, time.monotonic(), worker)
        active = self.active.setdefault(host, [])
        self.log.append(request)
        active.append(request)
        self.max_active[host] = max(self.max_active[host], len(active))
        if len({one.worker for one in active}) > 1:
            self.shared.append(host)
        try:
            response = await self.respond(request)
            request.status = response.status
            return response
        finally:
            active.remove(request)
            request.ended = time.monotonic()

    def _sender(self, port: int) -> int:
        import psutil

        for pid in self.workers:
            try:
                connections = psutil.Process(pid).net_connections("tcp")
            except psutil.Error:
                continue
            if any(one.laddr.port == port for one in connections):
                return pid
        return 0


def pids(session: ClusterSession) -> list[int]:
    cluster = session.open()
    return [cluster.submit(os.getpid, worker=name).result(60) for name in cluster.workers()]


@pytest.fixture
def serve(server_loop: asyncio.AbstractEventLoop) -> Iterator[Callable[..., HostServer]]:
    """Start a server with this handler, which knows the workers of a session of Dask."""
    runners = []

    def start(respond: Any, session: ClusterSession | None = None) -> HostServer:
        server = HostServer(respond, pids(session) if session else [])

        async def run() -> web.ServerRunner:
            runner = web.ServerRunner(web.Server(server.handle), shutdown_timeout=0.01)
            await runner.setup()
            await web.TCPSite(runner, "0.0.0.0", 0).start()
            server.port = runner.addresses[0][1]
            return runner

        runners.append(asyncio.run_coroutine_threadsafe(run(), server_loop).result(60))
        return server

    yield start
    for runner in runners:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), server_loop).result(60)


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the cluster also for a few pictures."""
    monkeypatch.setattr(stage, "MIN_FOR_PROCESSES", 1)


def fetch(fetching: Any, session: ClusterSession, **options: Any) -> Any:
    options.setdefault("allow_private_hosts", frozenset(HOSTS))
    options.setdefault("limits", Limits(max_bytes=200_000))
    chosen = FetchOptions(**options)
    return stage.fetch_pictures(fetching.home, chosen, lambda done, total: None, session)


def test_two_workers_respect_the_limit_of_each_host_together(
    serve: Any, fetching: Any, picture: Any, dask: ClusterSession
) -> None:
    """By the server's log: both workers fetch, no host has more requests at once than its limit, nor two workers at once."""
    enough = asyncio.Event()

    async def respond(request: Request) -> web.Response:
        if all(server.max_active[host] >= 3 for host in HOSTS):
            enough.set()
        await enough.wait()
        return web.Response(body=picture(int(request.path[1:])))

    server = serve(respond, dask)
    urls = [f"http://{HOSTS[number % 4]}:{server.port}/{number}" for number in range(48)]
    fetching.add_pictures(urls)
    assert fetch(fetching, dask, per_host=3).items == 48
    assert set(server.max_active.values()) == {3}
    assert server.shared == []
    assert {request.worker for request in server.log} == set(server.workers)
    assert Counter(request.path for request in server.log).most_common(1)[0][1] == 1
    fetching.check_store()


def test_a_pause_that_a_host_requests_holds_for_all_workers(
    serve: Any, fetching: Any, picture: Any, dask: ClusterSession, short_pauses: None
) -> None:
    """After a response with Retry-After the log has no request to that host until the pause is over; others go on."""
    both, paused = asyncio.Event(), HOSTS[1]

    async def respond(request: Request) -> web.Response:
        if request.host == paused and len([one for one in server.log if one.host == paused]) <= 2:
            if server.max_active[paused] == 2:
                both.set()
            await both.wait()
            return web.Response(status=429, headers={"Retry-After": "2"})
        return web.Response(body=picture(int(request.path[1:])))

    server = serve(respond, dask)
    fetching.add_pictures([f"http://{HOSTS[number % 4]}:{server.port}/{number}" for number in range(40)])
    assert fetch(fetching, dask, per_host=2).items == 40
    refused = [one for one in server.log if one.status == 429]
    assert len(refused) == 2
    later = [one for one in server.log if one.host == paused and one.status == 200]
    assert len(later) == 10
    assert min(one.began for one in later) >= min(one.ended for one in refused) + 2
    assert server.shared == []


def test_pictures_travel_as_bytes_where_the_workers_do_not_see_the_home_folder(
    serve: Any, fetching: Any, picture: Any, dask: ClusterSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver stores them, one of two equal ones; private addresses and large bodies are refused on the workers."""
    monkeypatch.setattr(driver, "_workers_can_store", lambda cluster, files: False)

    async def respond(request: Request) -> web.Response:
        if request.path == "/large":
            return web.Response(body=picture(1, "PNG") + bytes(300_000))
        return web.Response(body=picture(int(request.path[1:]) // 2))

    server = serve(respond, dask)
    base = f"http://{HOSTS[0]}:{server.port}"
    urls = [f"{base}/{number}" for number in range(20)]
    fetching.add_pictures([*urls, f"{base}/large", f"http://{HOSTS[1]}:{server.port}/1"])
    result = fetch(fetching, dask, allow_private_hosts=frozenset({HOSTS[0]}))
    assert (result.items, result.failures) == (20, 2)
    assert fetching.attempts(f"{base}/large") == [("failed", "too_large", 200)]
    assert fetching.attempts(f"http://{HOSTS[1]}:{server.port}/1") == [("failed", "private_address", None)]
    assert {request.host for request in server.log} == {HOSTS[0]}
    assert len(fetching.stored_files()) == 10
    fetching.check_store()


def test_a_worker_that_is_killed_costs_its_pictures_a_retry(
    serve: Any, fetching: Any, picture: Any, dask: ClusterSession, short_pauses: None
) -> None:
    """All pictures are stored in the same run; those that were under way have a row that says why they were tried again."""
    killed: list[int] = []

    async def respond(request: Request) -> web.Response:
        if not killed and len(server.log) >= 20 and request.worker:
            killed.append(request.worker)
            os.kill(request.worker, signal.SIGKILL)
            await asyncio.sleep(0.2)
        return web.Response(body=picture(int(request.path[1:])))

    server = serve(respond, dask)
    fetching.add_pictures([f"http://{HOSTS[number % 4]}:{server.port}/{number}" for number in range(60)])
    assert fetch(fetching, dask, per_host=2).items == 60
    assert killed
    reasons = dict(fetching.rows("select coalesce(reason, 'ok'), count(*) from fetches group by all"))
    assert reasons["ok"] == 60
    assert set(reasons) == {"ok", "cut_off"}
    fetching.check_store()


def test_a_worker_that_joins_during_a_fetch_takes_over_hosts(
    serve: Any, fetching: Any, picture: Any, monkeypatch: pytest.MonkeyPatch, server_loop: Any
) -> None:
    """By the server's log it gets requests, and no host's go to two workers at once, nor a picture twice."""
    distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
    monkeypatch.setattr(driver, "JOIN_SECONDS", 0.2)
    joined = asyncio.Event()
    share_with = driver.HostOwners.share_with

    def note(*values: Any) -> None:
        share_with(*values)
        server_loop.call_soon_threadsafe(joined.set)

    monkeypatch.setattr(driver.HostOwners, "share_with", note)

    async def respond(request: Request) -> web.Response:
        if len(server.log) == 20:
            await asyncio.to_thread(cluster.scale, 2)
        if len(server.log) >= 20:
            await joined.wait()
        if len(server.workers) == 1 and joined.is_set():
            server.workers[:] = await asyncio.to_thread(pids, session)
        return web.Response(body=picture(int(request.path[1:])))

    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=None) as cluster,
        ClusterSession(ClusterOptions("dask", cluster.scheduler_address, table="fetch")) as session,
    ):
        server = serve(respond, session)
        fetching.add_pictures([f"http://{HOSTS[n % 4]}:{server.port}/{n}" for n in range(100)])
        patient = Limits(max_bytes=200_000, total_seconds=900.0, idle_seconds=900.0)
        assert fetch(fetching, session, per_host=2, limits=patient).items == 100
    assert server.shared == []
    assert set(server.max_active.values()) == {2}
    assert len({one.worker for one in server.log if one.worker}) == 2
    assert Counter(request.path for request in server.log).most_common(1)[0][1] == 1
    fetching.check_store()


class Pin:
    """A worker that has just joined, in this process."""

    name = "tcp://new:1"

    def __init__(self, results: dict[Any, Any]) -> None:
        self._results = results

    def call(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future: Future[Any] = Future()
        result = self._results.get(function)
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(function(*arguments) if result is None else result)
        return future

    def release(self) -> None:
        """Nothing."""


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ({"numpy": "0.1"}, "has other packages than this machine: .*numpy"),
        (WorkerDied("it ended"), "died at its first piece of work"),
        (ModuleNotFoundError(name="tasks"), "can't import tasks"),
    ],
)
def test_a_worker_that_does_not_fit_takes_no_part(fetching: Any, result: Any, message: str) -> None:
    """The reason says what to do; the fetch goes on with the others."""
    session = DownloadSession("s", fetching.home.picture_files, FetchOptions(), installed_versions())
    with pytest.raises(JoinRefused, match=message):
        asyncio.run(prepare_session(Pin({worker_versions: result}), session))


@pytest.mark.parametrize("can_store", [True, False])
def test_a_worker_that_joins_sends_bytes_if_it_can_not_store(fetching: Any, can_store: bool) -> None:
    """It is asked whether it can store pictures where the driver does, and no probe is left."""
    files = fetching.home.picture_files
    files.open_incoming()
    session = DownloadSession("s", files, FetchOptions(), installed_versions())
    pin = Pin({} if can_store else {can_store_beside: False})
    assert asyncio.run(prepare_session(pin, session)).files == (files if can_store else None)
    assert fetching.stored_files() == {}


def test_a_new_worker_takes_over_hosts_when_their_requests_have_ended() -> None:
    """Of five hosts on one worker two move; each moves after its last request, and new requests wait until then."""

    async def move() -> None:
        owners: HostOwners[Any] = HostOwners()
        old, new = SimpleNamespace(jobs={1: None}), SimpleNamespace(jobs={})
        workers = [old]
        hosts = [f"{number}.example" for number in range(5)]
        for host in hosts:
            assert owners.begin(host, workers) is old
            assert owners.begin(host, workers) is old
        workers.append(new)
        owners.share_with(new, workers)
        waiting = {host: asyncio.create_task(owners.wait_for_move(host)) for host in hosts}
        await asyncio.sleep(0)
        moving = [host for host in hosts if not waiting[host].done()]
        assert len(moving) == 2
        owners.end(moving[0])
        await asyncio.sleep(0)
        assert not waiting[moving[0]].done()
        for host in moving:
            while not waiting[host].done():
                owners.end(host)
                await asyncio.sleep(0.01)
            assert owners.begin(host, workers) is new
        staying = next(host for host in hosts if host not in moving)
        assert owners.begin(staying, workers) is old
        owners.share_with(new, workers)
        await asyncio.gather(*map(owners.wait_for_move, hosts))

    asyncio.run(asyncio.wait_for(move(), 60))


def test_workers_of_ray_respect_the_limit_of_each_host_together(
    serve: Any, fetching: Any, picture: Any, ray: ClusterSession
) -> None:
    """By the server's log, no host has more requests at once than its limit."""

    async def respond(request: Request) -> web.Response:
        await asyncio.sleep(0.05)
        return web.Response(body=picture(int(request.path[1:])))

    server = serve(respond)
    fetching.add_pictures([f"http://{HOSTS[number % 4]}:{server.port}/{number}" for number in range(48)])
    assert fetch(fetching, ray, per_host=3).items == 48
    assert max(server.max_active.values()) <= 3
    assert len(server.log) == 48
    fetching.check_store()
