"""What a fetch may cost: connections, time, memory and disk."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from tasks.fetch.download import FetchOptions, Limits
from tasks.fetch.results import BATCH_ROWS
from tasks.fetch.stage import fetch_pictures
from warehouse.errors import DiskFull

MEGABYTE = 1024 * 1024


@pytest.mark.parametrize("concurrency", [1, 5])
def test_concurrency(concurrency: int, server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """As many pictures are fetched at once as the settings say, and never more."""

    async def slow(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(0.02)
        return web.Response(body=picture(int(request.path[1:])))

    for number in range(20):
        server.pages[f"/{number}"] = slow
    fetching.want([server.url(path) for path in server.pages])
    assert fetching.run(concurrency=concurrency).items == 20
    assert server.most_at_once == concurrency


def test_slow_hosts(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A host that falls silent, or sends drop by drop for ever, times out; what was sent is not kept."""

    async def silent(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    async def dripping(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for byte in picture(1) * 100:
            await response.write(bytes([byte]))
            await asyncio.sleep(0.05)
        return response

    server.pages = {"/silent": silent, "/dripping": dripping}
    fetching.want([server.url("/silent"), server.url("/dripping")])
    ended = fetching.run(limits=Limits(total_seconds=1.0, idle_seconds=0.5))
    assert fetching.tries(server.url("/silent")) == [("failed", "timeout", None)] * 3
    assert fetching.tries(server.url("/dripping")) == [("failed", "timeout", 200)] * 3
    assert (ended.status, ended.failures, fetching.stored()) == ("incomplete", 2, {})


def test_at_the_cap(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
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
    fetching.want([server.url(path) for path in server.pages])
    fetching.run(limits=Limits(most_bytes=len(body)))
    found = {path: fetching.tries(server.url(path))[0][1] for path in server.pages}
    assert found == {
        "/exact": None,
        "/exact-chunked": None,
        "/more": "too_large",
        "/more-chunked": "too_large",
    }


def test_memory(server: Any, fetching: Any) -> None:
    """A large body goes to the disk as it comes: memory does not grow with its size."""
    chunk = bytes(MEGABYTE)

    async def large(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(60):
            await response.write(chunk)
        return response

    server.pages["/large"] = large
    fetching.want([server.url("/large")])
    tracemalloc.start()
    fetching.run(limits=Limits(most_bytes=100 * MEGABYTE))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert fetching.tries(server.url("/large")) == [("failed", "not_a_picture", 200)]
    assert peak < 15 * MEGABYTE


def test_slow_sender(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A sender that goes on for ever, but hardly sends anything, is given up long before the time for a picture is over."""

    async def dripping(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"\xff")
            await asyncio.sleep(0.02)

    server.pages["/slow"] = dripping
    fetching.want([server.url("/slow"), server.serve("/good", picture(1))])
    begun = time.monotonic()
    fetching.run(limits=Limits(slow_seconds=0.2))
    assert time.monotonic() - begun < 30
    assert {reason for _, reason, _ in fetching.tries(server.url("/slow"))} == {"timeout"}
    fetching.check_store()


def test_full_disk(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """An answer larger than the disk stops the stage with an error that says so, and leaves nothing behind."""
    server.serve_raw("/vast", b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % 10**17)
    fetching.want([server.url("/vast"), server.serve("/good", picture(1))])
    with pytest.raises(DiskFull, match="is full"):
        fetching.run(limits=Limits(most_bytes=10**18))
    assert not list((fetching.home.pictures / ".incoming").iterdir())
    server.serve("/vast", picture(2))
    assert fetching.run().status == "done"
    fetching.check_store()


def test_stored_batch_by_batch(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A long list is stored in batches while it is fetched; what progress is told of is stored by then."""
    body = picture(1)

    async def same(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=body)

    total = 2 * BATCH_ROWS + 3
    paths = [f"/{number}" for number in range(total)]
    server.pages = dict.fromkeys(paths, same)
    fetching.want([server.url(path) for path in paths])
    told: list[tuple[int, int]] = []
    stored: list[int] = []

    def progress(done: int, of: int) -> None:
        told.append((done, of))
        stored.append(fetching.rows("select count(*) from fetches")[0][0])

    ended = fetch_pictures(
        fetching.home, FetchOptions(allow_private_hosts=frozenset({"127.0.0.1"})), progress
    )
    # How many come while one batch is written is the machine's affair.
    assert len(told) >= 2 and told[0][0] < total and told[-1] == (total, total)
    assert [done for done, _ in told] == stored == sorted(stored)
    assert ended.items == total and set(server.asked.values()) == {1}
