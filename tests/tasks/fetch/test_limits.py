"""The limits of a fetch: connections, time, memory and disk."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from tasks.fetch import results
from tasks.fetch.download import FetchOptions, Limits
from tasks.fetch.stage import fetch_pictures
from warehouse.errors import DiskFull

MEGABYTE = 1024 * 1024


@pytest.mark.slow
@pytest.mark.parametrize("concurrency", [1, 5])
def test_the_settings_limit_the_downloads_at_once(
    concurrency: int, server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """As many pictures are fetched at once as the settings say, and never more."""
    all_active = asyncio.Event()

    async def wait(request: web.BaseRequest) -> web.StreamResponse:
        if server.active == concurrency:
            all_active.set()
        await all_active.wait()
        return web.Response(body=picture(int(request.path[1:])))

    for number in range(20):
        server.pages[f"/{number}"] = wait
    fetching.add_pictures([server.url(path) for path in server.pages])
    assert fetching.run(concurrency=concurrency).items == 20
    assert server.max_active == concurrency


@pytest.mark.slow
def test_a_slow_host_times_out(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A host that falls silent, or sends byte by byte for ever, times out, and nothing of it is stored."""

    async def silent(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(3600)
        return web.Response()

    async def dripping(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"\x89")
            await asyncio.sleep(0.05)

    server.pages = {"/silent": silent, "/dripping": dripping}
    fetching.add_pictures([server.url("/silent"), server.url("/dripping")])
    result = fetching.run(limits=Limits(total_seconds=0.5, idle_seconds=0.3))
    assert fetching.attempts(server.url("/silent")) == [("failed", "timeout", None)] * 3
    # Under load the time may be over before the headers arrive.
    assert [reason for _, reason, _ in fetching.attempts(server.url("/dripping"))] == ["timeout"] * 3
    assert (result.status, result.failures, fetching.stored_files()) == ("incomplete", 2, {})


def test_a_picture_may_have_the_allowed_size(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A picture of exactly the allowed size is stored, one byte more is too large, with a length or without."""
    body = picture(1)

    async def unannounced(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(body + b"." * (request.path == "/more-chunked"))
        return response

    server.serve("/exact", body)
    server.serve("/more", body + b".")
    server.pages |= {"/exact-chunked": unannounced, "/more-chunked": unannounced}
    fetching.add_pictures([server.url(path) for path in server.pages])
    fetching.run(limits=Limits(max_bytes=len(body)))
    reasons = {path: fetching.attempts(server.url(path))[0][1] for path in server.pages}
    assert reasons == {
        "/exact": None,
        "/exact-chunked": None,
        "/more": "too_large",
        "/more-chunked": "too_large",
    }


def test_memory_does_not_grow_with_a_body(server: Any, fetching: Any) -> None:
    """A large body goes to the disk in blocks: memory does not grow with its size."""
    chunk = bytes(MEGABYTE)

    async def large(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(30):
            await response.write(chunk)
        return response

    server.pages["/large"] = large
    fetching.add_pictures([server.url("/large")])
    tracemalloc.start()
    fetching.run(limits=Limits(max_bytes=100 * MEGABYTE))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert fetching.attempts(server.url("/large")) == [("failed", "not_a_picture", 200)]
    assert peak < 15 * MEGABYTE


def test_a_sender_below_the_minimum_rate_times_out(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A sender that never stops, but hardly sends anything, is given up before the total time is over."""

    async def dripping(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"\xff")
            await asyncio.sleep(0.02)

    server.pages["/slow"] = dripping
    fetching.add_pictures([server.url("/slow"), server.serve("/good", picture(1))])
    fetching.run(limits=Limits(slow_seconds=0.2, total_seconds=3600.0))
    assert {reason for _, reason, _ in fetching.attempts(server.url("/slow"))} == {"timeout"}
    fetching.check_store()


def test_a_full_disk_stops_the_stage(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A response larger than the disk stops the stage with an error that says so, and leaves nothing."""
    server.serve_raw("/vast", b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % 10**17)
    fetching.add_pictures([server.url("/vast"), server.serve("/good", picture(1))])
    with pytest.raises(DiskFull, match="is full"):
        fetching.run(limits=Limits(max_bytes=10**18))
    assert not list((fetching.home.pictures / ".incoming").iterdir())
    server.serve("/vast", picture(2))
    assert fetching.run().status == "done"
    fetching.check_store()


def test_rows_are_stored_in_batches(
    server: Any, fetching: Any, picture: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long list is stored in batches while it is fetched; reported pictures are already stored."""
    monkeypatch.setattr(results, "BATCH_ROWS", batch := 50)
    body = picture(1)

    async def same(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=body)

    total = 2 * batch + 3
    paths = [f"/{number}" for number in range(total)]
    server.pages = dict.fromkeys(paths, same)
    fetching.add_pictures([server.url(path) for path in paths])
    reports: list[tuple[int, int]] = []
    stored: list[int] = []

    def progress(done: int, of: int) -> None:
        reports.append((done, of))
        stored.append(fetching.rows("select count(*) from fetches")[0][0])

    result = fetch_pictures(
        fetching.home, FetchOptions(allow_private_hosts=frozenset({"127.0.0.1"})), progress
    )
    # The number of pictures that come during a write depends on the machine.
    assert len(reports) >= 2 and reports[0][0] < total and reports[-1] == (total, total)
    assert [done for done, _ in reports] == stored == sorted(stored)
    assert result.items == total and set(server.requests.values()) == {1}
