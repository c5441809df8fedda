"""Limits of hosts for several runs together: the pipeline downloads from such a host only while it holds a slot."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from tasks.fetch import pipeline, stage
from tasks.fetch.download import FetchOptions, Limits
from tasks.slots import HostSlots


class Turns:
    """One slot for a host, which records who waits. Another run takes it as often as it becomes free, or always has it."""

    def __init__(self, limited: str, *, is_free: bool = True) -> None:
        self.limited = limited
        self.is_free = is_free
        self.held = 0
        self.turns: Counter[str] = Counter()
        self.reads = 0

    def read_limits(self) -> None:
        self.reads += 1

    def hold(self, host: str) -> AbstractAsyncContextManager[bool] | None:
        return self._turn(host) if host == self.limited else None

    @asynccontextmanager
    async def _turn(self, host: str) -> AsyncIterator[bool]:
        await asyncio.sleep(0)
        self.turns[host] += 1
        self.held += self.is_free
        yield self.is_free
        self.held -= self.is_free


def fetch(fetching: Any, turns: Any) -> Any:
    options = FetchOptions(
        allow_private_hosts=frozenset({"127.0.0.1", "localhost"}),
        limits=Limits(max_bytes=200_000),
        per_host=2,
    )
    return stage.fetch_pictures(fetching.home, options, lambda done, total: None, turns=turns)


def test_requests_go_to_a_host_only_while_a_slot_is_held(
    server: Any,
    fetching: Any,
    picture: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
    short_pauses: None,
) -> None:
    """In several short turns, with retries and a response that comes late: no request without the slot, none twice."""
    monkeypatch.setattr(pipeline, "TURN_SECONDS", 0.02)
    monkeypatch.setattr(pipeline, "YIELD_SECONDS", 0.0)
    turns = Turns(f"127.0.0.1:{server.port}")
    without_slot: list[str] = []

    async def respond(request: web.BaseRequest) -> web.StreamResponse:
        is_limited = request.headers["Host"].startswith("127")
        without_slot.extend([request.path] if is_limited and not turns.held else [])
        await asyncio.sleep(0.01)
        without_slot.extend([request.path] if is_limited and not turns.held else [])
        if request.path == "/3" and server.requests["/3"] == 1:
            return web.Response(status=500)
        return web.Response(body=picture(int(request.path[1:])))

    server.pages = {f"/{number}": respond for number in range(12)}
    fetching.add_pictures([server.url(f"/{n}", "localhost" if n > 8 else "127.0.0.1") for n in range(12)])
    assert fetch(fetching, turns).items == 12
    assert without_slot == [] and turns.held == 0 and turns.reads == 1
    assert turns.turns[turns.limited] > 1
    assert {path: number for path, number in server.requests.items() if number > 1} == {"/3": 2}
    fetching.check_store()


def test_pictures_of_a_host_that_other_runs_hold_wait_for_the_next_run(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """The host gets no request, other hosts do, and the stage says why it is incomplete; the next run fetches them."""
    for number in range(6):
        server.serve(f"/{number}", picture(number))
    fetching.add_pictures([server.url(f"/{n}", "localhost" if n > 3 else "127.0.0.1") for n in range(6)])
    host = f"127.0.0.1:{server.port}"
    result = fetch(fetching, Turns(host, is_free=False))
    assert (result.status, result.items, result.failures) == ("incomplete", 2, 4)
    assert result.message == (
        "4 pictures were not requested, because other runs held the limits of their hosts at Prefect's server all the"
        f" time: 4 of {host}. The next run retries."
    )
    assert sorted(server.requests) == ["/4", "/5"]
    assert fetch(fetching, Turns(host)).items == 4
    fetching.check_store()


def test_a_server_without_limits_or_that_does_not_respond_delays_nothing(
    server: Any, fetching: Any, picture: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    """The server is read once for all hosts and pictures; where that fails, one warning, and the pictures come."""
    requests: list[tuple[int, int]] = []

    class Client:
        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: object) -> None:
            """Nothing to close."""

        def read_global_concurrency_limits(self, limit: int, offset: int) -> list[Any]:
            requests.append((limit, offset))
            if len(requests) > 1:
                raise ConnectionError("refused")
            return []

    monkeypatch.setattr("tasks.slots.get_client", lambda **_: Client())
    for number in range(8):
        server.serve(f"/{number}", picture(number))
    fetching.add_pictures([server.url(f"/{n}", "localhost" if n % 2 else "127.0.0.1") for n in range(4)])
    assert fetch(fetching, HostSlots()).items == 4
    assert len(requests) == 1
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []
    fetching.add_pictures([server.url(f"/{n}") for n in range(4, 8)], first_post=4)
    assert fetch(fetching, HostSlots()).items == 4
    assert len(requests) == 2
    [warning] = [one.message for one in caplog.records if one.name == "tasks.slots"]
    assert "Pictures are fetched without them" in warning and "refused" in warning
    assert fetch(fetching, HostSlots()).items == 0
    assert len(requests) == 2
