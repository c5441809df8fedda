"""One attempt to fetch a picture: request, redirects, a body of limited size, check, store."""

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

from tasks.backoff import retry_after_seconds
from tasks.fetch.addresses import PRIVATE, PrivateAddress, Sessions
from tasks.fetch.attempt import Attempt, Reason, StoredFile, reason_for_status
from tasks.fetch.body import BLOCK_BYTES, Body
from tasks.fetch.local import copy_in, is_local
from tasks.fetch.store import NeedsDecode, PictureStore, RejectedPicture
from tasks.urls import from_header, join
from tasks.user_agent import USER_AGENT
from warehouse.disk_space import require_free_space
from warehouse.pictures.files import PictureFiles

Result = TypeVar("Result")
Download = Callable[[str], Awaitable[Attempt]]
"""Makes one attempt to fetch and store the picture at an address. Raises `DiskFull`."""

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one picture may cost."""

    max_bytes: int = 50 * 1024 * 1024
    total_seconds: float = 120.0
    connect_seconds: float = 15.0
    idle_seconds: float = 30.0
    slow_seconds: float = 20.0
    min_bytes_per_second: int = 1000
    """A server below this rate for `slow_seconds` times out. It would block a slot for `total_seconds`."""

    def timeout(self) -> aiohttp.ClientTimeout:
        """The limits for one request. The total time spans all redirects, so it is not among them."""
        return aiohttp.ClientTimeout(total=None, connect=self.connect_seconds, sock_read=self.idle_seconds)


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """How pictures are fetched.

    `concurrency` and `per_host` limit the downloads at once, in all and from one host. Only files in `folders` are
    copied. `user_agent` is the User-Agent header of each request.
    """

    concurrency: int = 32
    allow_private_hosts: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)
    folders: tuple[Path, ...] = ()
    per_host: int = 32
    user_agent: str = USER_AGENT


@asynccontextmanager
async def downloading(files: PictureFiles, options: FetchOptions, name: str = "") -> AsyncIterator[Download]:
    """Download in this process for the time of the block.

    `files` gets the pictures. `name` distinguishes this process from others that fetch into it at the same time.
    """
    # Slow name look-ups can block a thread per download; the caller needs some too.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(options.concurrency + 4))
    store = PictureStore(files, name)
    try:
        timeout = options.limits.timeout()
        async with Sessions(
            options.concurrency, options.allow_private_hosts, timeout, options.user_agent
        ) as sessions:
            yield _Downloader(sessions, store, options).download
    finally:
        store.close()


@dataclass(slots=True)
class _Exchange:
    """The last request's address, and the status, requested pause and body of its response."""

    last_url: str = ""
    last_status: int | None = None
    retry_after: float | None = None
    body: Body | None = None


class _Downloader:
    """The sessions and the store that all attempts share."""

    def __init__(self, sessions: Sessions, store: PictureStore, options: FetchOptions) -> None:
        self._sessions = sessions
        self._store = store
        self._limits = options.limits
        self._folders = options.folders

    async def download(self, url: str) -> Attempt:
        """Make one attempt; a `file:` address must lie in one of the options' folders."""
        began, clock, exchange = datetime.now(UTC), time.monotonic(), _Exchange()
        try:
            if is_local(url):
                picture = await self._in_thread(lambda: self._copy(url))
            else:
                picture = await self._fetch(url, exchange)
        except RejectedPicture as error:
            seconds, status = time.monotonic() - clock, exchange.last_status
            return Attempt(began, seconds, status, error.reason, exchange.retry_after, message=error.message)
        finally:
            if exchange.body is not None:
                exchange.body.discard()
        return Attempt(began, time.monotonic() - clock, exchange.last_status, picture=picture)

    def _copy(self, url: str) -> StoredFile:
        incoming = Path(self._store.new_file())
        try:
            sha256, size = copy_in(url, self._folders, self._limits.max_bytes, incoming)
            return self._store.add_file(str(incoming), sha256, size)
        finally:
            incoming.unlink(missing_ok=True)

    async def _fetch(self, url: str, exchange: _Exchange) -> StoredFile:
        try:
            async with asyncio.timeout(self._limits.total_seconds):
                body = await self._follow(url, exchange)
        except PrivateAddress:
            raise _private_address_error(exchange) from None
        except aiohttp.ClientConnectorError as error:
            # Before ValueError: a certificate's error is both.
            # For a name with several addresses, one error holds only the texts of the others.
            is_private = isinstance(error.os_error, PrivateAddress) or PRIVATE in str(error.os_error)
            raise (
                _private_address_error(exchange) if is_private else RejectedPicture(Reason.UNREACHABLE)
            ) from None
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError, ValueError):
            raise RejectedPicture(Reason.BAD_ADDRESS) from None
        except TimeoutError:
            raise RejectedPicture(Reason.TIMEOUT) from None
        except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError):
            raise RejectedPicture(Reason.CUT_OFF) from None
        except aiohttp.ClientError:
            raise RejectedPicture(Reason.UNREACHABLE) from None
        return await self._check_and_store(body)

    async def _follow(self, url: str, exchange: _Exchange) -> Body:
        for _ in range(MAX_REDIRECTS + 1):
            exchange.last_url = url
            session, address = self._sessions.session_for(url)
            async with session.get(address, allow_redirects=False) as response:
                exchange.last_status = response.status
                if response.status in _REDIRECTS and (target := _location(response)):
                    url = join(url, target)
                    continue
                if reason := reason_for_status(response.status):
                    header = response.headers.get("Retry-After")
                    exchange.retry_after = retry_after_seconds(header, datetime.now(UTC))
                    raise RejectedPicture(reason)
                exchange.body = Body(
                    self._store,
                    self._limits.max_bytes,
                    response.headers.get("Content-Encoding", ""),
                )
                await self._stream(response, exchange.body)
                return exchange.body
        raise RejectedPicture(Reason.REDIRECTS)

    async def _stream(self, response: aiohttp.ClientResponse, body: Body) -> None:
        announced = response.content_length or 0
        if announced > self._limits.max_bytes:
            raise RejectedPicture(Reason.TOO_LARGE)
        if announced > BLOCK_BYTES:
            require_free_space(self._store.incoming, announced)
        since, received = time.monotonic(), 0
        async for chunk in response.content.iter_any():
            received += len(chunk)
            if body.add(chunk):
                await self._in_thread(body.spill)
            if (seconds := time.monotonic() - since) > self._limits.slow_seconds:
                if received < self._limits.min_bytes_per_second * seconds:
                    raise RejectedPicture(Reason.TIMEOUT)
                since, received = time.monotonic(), 0

    async def _check_and_store(self, body: Body) -> StoredFile:
        # Most bodies are small. To check and write one takes less time than to wake a thread, which would
        # compete with the loop for Python's lock. A request to an object store takes longer.
        if body.is_small and not self._store.is_remote:
            try:
                return body.store(may_decode=False)
            except NeedsDecode:
                pass
        return await self._in_thread(body.store)

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        # Not asyncio's own threads: slow name look-ups may block them all.
        return await asyncio.get_running_loop().run_in_executor(self._store.threads, work)


def _private_address_error(exchange: _Exchange) -> RejectedPicture:
    host = urlsplit(exchange.last_url).netloc.rpartition("@")[2]
    return RejectedPicture(
        Reason.PRIVATE_ADDRESS,
        f"{host} is not a public address. If the host is yours, name it in allow_private_hosts.",
    )


def _location(response: aiohttp.ClientResponse) -> str:
    """The target of a redirect, from the bytes of its header; empty without one."""
    # `response.headers` holds decoded text, which has lost some bytes.
    values = (value for name, value in response.raw_headers if name.lower() == b"location")
    return from_header(next(values, b""))
