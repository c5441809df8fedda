"""One picture's way in: asked for, followed, streamed with a cap, checked, kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import aiohttp

from tasks.backoff import asked_pause_seconds
from tasks.fetch.addresses import PRIVATE, PrivateAddress, Sessions
from tasks.fetch.attempt import Attempt, StoredFile
from tasks.fetch.body import BLOCK_BYTES, Body
from tasks.fetch.local import copy_in, is_local
from tasks.fetch.reasons import Reason, of_status
from tasks.fetch.store import NeedsDecode, PictureStore, RejectedPicture
from tasks.urls import from_header, join
from tasks.user_agent import USER_AGENT
from warehouse.disk_space import need_room

Result = TypeVar("Result")
Ask = Callable[[str], Awaitable[Attempt]]
"""Makes one try to fetch and store the picture at an address. Raises `DiskFull`."""

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Limits:
    """What one picture may cost."""

    most_bytes: int = 50 * 1024 * 1024
    total_seconds: float = 120.0
    connect_seconds: float = 15.0
    idle_seconds: float = 30.0
    slow_seconds: float = 20.0
    least_bytes_a_second: int = 1000
    """A sender that stays below it for `slow_seconds` is given up: it would hold a place for the total time."""

    def timeout(self) -> aiohttp.ClientTimeout:
        """The same as aiohttp takes it; the total is kept over all redirects, and not here."""
        return aiohttp.ClientTimeout(total=None, connect=self.connect_seconds, sock_read=self.idle_seconds)


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """How pictures are fetched: how many at once, which private hosts are allowed, and what one may cost.

    `folders`: a picture that is a file on this machine is taken from these only. `per_host`: how many at
    once from one host. `user_agent`: the header User-Agent of each request.
    """

    concurrency: int = 32
    allow_private_hosts: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)
    folders: tuple[Path, ...] = ()
    per_host: int = 32
    user_agent: str = USER_AGENT


@asynccontextmanager
async def downloading(home: Path, options: FetchOptions, name: str = "") -> AsyncIterator[Ask]:
    """What makes tries in this process, for the time of the block.

    `home` is the home folder; `name` tells this process from others that fetch into it at the same time.
    """
    # Names that do not resolve may hold as many threads as there are downloads; the caller needs some too.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(options.concurrency + 4))
    store = PictureStore(home, name)
    try:
        timeout = options.limits.timeout()
        async with Sessions(
            options.concurrency, options.allow_private_hosts, timeout, options.user_agent
        ) as doors:
            yield _Downloading(doors, store, options).ask
    finally:
        store.close()


@dataclass(slots=True)
class _Heard:
    """What came so far: the address of the last request, the status of its answer, and its body."""

    last_url: str = ""
    last_status: int | None = None
    body: Body | None = None


class _Failed(Exception):
    def __init__(
        self, reason: Reason, asked_seconds: float | None = None, message: str | None = None
    ) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.asked_seconds = asked_seconds
        self.message = message


class _Downloading:
    """The connections and the store that all tries share."""

    def __init__(self, doors: Sessions, store: PictureStore, options: FetchOptions) -> None:
        self._doors = doors
        self._store = store
        self._limits = options.limits
        self._folders = options.folders

    async def ask(self, url: str) -> Attempt:
        """Try once; a `file:` address only where it is in one of the manner's folders."""
        began, clock, heard = datetime.now(UTC), time.monotonic(), _Heard()
        try:
            try:
                if is_local(url):
                    picture = await self._in_thread(lambda: self._take_in(url))
                else:
                    picture = await self._fetch(url, heard)
            finally:
                if heard.body is not None:
                    heard.body.discard()
        except _Failed as failed:
            took = time.monotonic() - clock
            return Attempt(
                began,
                took,
                heard.last_status,
                failed.reason,
                failed.asked_seconds,
                message=failed.message,
            )
        return Attempt(began, time.monotonic() - clock, heard.last_status, picture=picture)

    def _take_in(self, url: str) -> StoredFile:
        incoming = Path(self._store.new_file())
        try:
            taken = copy_in(url, self._folders, self._limits.most_bytes, incoming)
            return self._store.add_file(str(incoming), *taken)
        except RejectedPicture as unfit:
            raise _Failed(unfit.reason, message=unfit.message) from None
        finally:
            incoming.unlink(missing_ok=True)

    async def _fetch(self, url: str, heard: _Heard) -> StoredFile:
        try:
            async with asyncio.timeout(self._limits.total_seconds):
                body = await self._follow(url, heard)
        except RejectedPicture as unfit:
            raise _Failed(unfit.reason, message=unfit.message) from None
        except PrivateAddress:
            raise _private(heard) from None
        except aiohttp.ClientConnectorError as error:
            # Before ValueError: an error of a certificate is both.
            # With several addresses to a name, the sockets' errors come as one that only has their texts.
            private = isinstance(error.os_error, PrivateAddress) or PRIVATE in str(error.os_error)
            raise (_private(heard) if private else _Failed(Reason.UNREACHABLE)) from None
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError, ValueError):
            raise _Failed(Reason.BAD_ADDRESS) from None
        except TimeoutError:
            raise _Failed(Reason.TIMEOUT) from None
        except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError):
            raise _Failed(Reason.CUT_OFF) from None
        except aiohttp.ClientError:
            raise _Failed(Reason.UNREACHABLE) from None
        try:
            return await self._stored(body)
        except RejectedPicture as unfit:
            raise _Failed(unfit.reason, message=unfit.message) from None

    async def _follow(self, url: str, heard: _Heard) -> Body:
        for _ in range(MAX_REDIRECTS + 1):
            heard.last_url = url
            session, address = self._doors.door_for(url)
            async with session.get(address, allow_redirects=False) as response:
                heard.last_status = response.status
                if response.status in _REDIRECTS and (target := _location(response)):
                    url = join(url, target)
                    continue
                if reason := of_status(response.status):
                    asked = asked_pause_seconds(response.headers.get("Retry-After"), datetime.now(UTC))
                    raise _Failed(reason, asked)
                heard.body = Body(
                    self._store,
                    self._limits.most_bytes,
                    response.headers.get("Content-Encoding", ""),
                )
                await self._stream(response, heard.body)
                return heard.body
        raise _Failed(Reason.REDIRECTS)

    async def _stream(self, response: aiohttp.ClientResponse, body: Body) -> None:
        announced = response.content_length or 0
        if announced > self._limits.most_bytes:
            raise _Failed(Reason.TOO_LARGE)
        if announced > BLOCK_BYTES:
            need_room(self._store.incoming, announced)
        since, came = time.monotonic(), 0
        async for chunk in response.content.iter_any():
            came += len(chunk)
            if body.add(chunk):
                await self._in_thread(body.spill)
            if (seconds := time.monotonic() - since) > self._limits.slow_seconds:
                if came < self._limits.least_bytes_a_second * seconds:
                    raise _Failed(Reason.TIMEOUT)
                since, came = time.monotonic(), 0

    async def _stored(self, body: Body) -> StoredFile:
        # Most bodies are small, and checked and written in less time than it takes to wake a thread, which
        # then stands in the loop's way for Python's lock.
        if body.is_small:
            try:
                return body.store(may_decode=False)
            except NeedsDecode:
                pass
        return await self._in_thread(body.store)

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        # Not asyncio's own threads: these may all be waiting for names to resolve.
        return await asyncio.get_running_loop().run_in_executor(self._store.threads, work)


def _private(heard: _Heard) -> _Failed:
    host = urlsplit(heard.last_url).netloc.rpartition("@")[2]
    return _Failed(
        Reason.PRIVATE_ADDRESS,
        message=f"{host} is not a public address. If the host is yours, name it in allow_private_hosts.",
    )


def _location(response: aiohttp.ClientResponse) -> str:
    """Where a redirect leads, by the bytes of its header; empty where it names nothing."""
    # `response.headers` has the header as text already, and not all of its bytes.
    found = (value for name, value in response.raw_headers if name.lower() == b"location")
    return from_header(next(found, b""))
