"""One picture's way in: asked for, followed, streamed with a cap, checked, kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import urljoin

import aiohttp

from tasks.fetch.addresses import PRIVATE, Doors, PrivateAddress
from tasks.fetch.body import BLOCK_BYTES, Body
from tasks.fetch.local import copy_in, is_local
from tasks.fetch.reasons import Reason, next_try_at, of_status
from tasks.fetch.store import PictureStore, Unfit
from tasks.pauses import asked_pause_seconds
from warehouse.space import need_room
from warehouse.tables import Fetch, Picture

Result = TypeVar("Result")

MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Limits:
    """What one picture may cost."""

    most_bytes: int = 50 * 1024 * 1024
    total_seconds: float = 120.0
    connect_seconds: float = 15.0
    idle_seconds: float = 30.0

    def timeout(self) -> aiohttp.ClientTimeout:
        """The same as aiohttp takes it; the total is kept over all redirects, and not here."""
        return aiohttp.ClientTimeout(total=None, connect=self.connect_seconds, sock_read=self.idle_seconds)


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one try ended: its row, the stored picture when it went well, and the pause the host asked for."""

    fetch: Fetch
    picture: Picture | None = None
    asked_seconds: float | None = None

    def noted(self, failures: int) -> Attempt:
        """The same with the time of the next try, after so many failures in all."""
        if self.fetch.reason is None:
            return self
        again = next_try_at(Reason(self.fetch.reason), failures, self.fetch.attempted_at, self.asked_seconds)
        return replace(self, fetch=replace(self.fetch, next_try_at=again))


@dataclass(slots=True)
class _Heard:
    """What came so far: the status of the last answer, and of its body."""

    last_status: int | None = None
    body: Body | None = None


class _Failed(Exception):
    def __init__(self, reason: Reason, asked_seconds: float | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.asked_seconds = asked_seconds


async def attempt(
    url: str, doors: Doors, store: PictureStore, limits: Limits, folders: Sequence[Path] = ()
) -> Attempt:
    """Try once to fetch and store the picture at `url`; a `file:` address only where it is in one of `folders`.

    Raises `DiskFull`; all else becomes a reason.
    """
    began, clock, heard = datetime.now(UTC), time.monotonic(), _Heard()
    try:
        try:
            if is_local(url):
                picture = await _in_thread(store, lambda: _take_in(url, store, limits, folders))
            else:
                picture = await _fetch(url, doors, store, limits, heard)
        finally:
            if heard.body is not None:
                heard.body.discard()
    except _Failed as failed:
        row = failed_row(url, began, failed.reason, heard.last_status, time.monotonic() - clock)
        return Attempt(row, asked_seconds=failed.asked_seconds)
    row = _ok_row(url, began, heard.last_status, picture.sha256, time.monotonic() - clock)
    return Attempt(row, picture)


def _take_in(url: str, store: PictureStore, limits: Limits, folders: Sequence[Path]) -> Picture:
    incoming = store.new_file()
    try:
        return store.add_file(incoming, *copy_in(url, folders, limits.most_bytes, incoming))
    except Unfit as unfit:
        raise _Failed(unfit.reason) from None
    finally:
        incoming.unlink(missing_ok=True)


async def _fetch(url: str, doors: Doors, store: PictureStore, limits: Limits, heard: _Heard) -> Picture:
    try:
        async with asyncio.timeout(limits.total_seconds):
            body = await _follow(url, doors, store, limits, heard)
    except Unfit as unfit:
        raise _Failed(unfit.reason) from None
    except PrivateAddress:
        raise _Failed(Reason.PRIVATE_ADDRESS) from None
    except (
        aiohttp.ClientConnectorError
    ) as error:  # before ValueError, which an expired certificate is as well
        # With several addresses to a name, the sockets' errors come as one that only has their texts.
        private = isinstance(error.os_error, PrivateAddress) or PRIVATE in str(error.os_error)
        raise _Failed(Reason.PRIVATE_ADDRESS if private else Reason.UNREACHABLE) from None
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError, ValueError):
        raise _Failed(Reason.BAD_ADDRESS) from None
    except TimeoutError:
        raise _Failed(Reason.TIMEOUT) from None
    except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError):
        raise _Failed(Reason.CUT_OFF) from None
    except aiohttp.ClientError:
        raise _Failed(Reason.UNREACHABLE) from None
    try:
        return await _in_thread(store, lambda: body.store_in(store))
    except Unfit as unfit:
        raise _Failed(unfit.reason) from None


async def _follow(url: str, doors: Doors, store: PictureStore, limits: Limits, heard: _Heard) -> Body:
    for _ in range(MOST_REDIRECTS + 1):
        async with doors.session_for(url).get(url, allow_redirects=False) as response:
            heard.last_status = response.status
            if response.status in _REDIRECTS and (target := response.headers.get("Location")):
                url = urljoin(url, target)
                continue
            if reason := of_status(response.status):
                asked = asked_pause_seconds(response.headers.get("Retry-After"), datetime.now(UTC))
                raise _Failed(reason, asked)
            heard.body = Body(
                store.new_file(),
                limits.most_bytes,
                response.headers.get("Content-Encoding", ""),
            )
            await _stream(response, heard.body, store, limits)
            return heard.body
    raise _Failed(Reason.REDIRECTS)


async def _stream(response: aiohttp.ClientResponse, body: Body, store: PictureStore, limits: Limits) -> None:
    announced = response.content_length or 0
    if announced > limits.most_bytes:
        raise _Failed(Reason.TOO_LARGE)
    if announced > BLOCK_BYTES:
        need_room(store.incoming, announced)
    async for chunk in response.content.iter_any():
        if body.add(chunk):
            await _in_thread(store, body.spill)


async def _in_thread(store: PictureStore, work: Callable[[], Result]) -> Result:
    # Not asyncio's own threads: these may all be waiting for names to resolve.
    return await asyncio.get_running_loop().run_in_executor(store.threads, work)


def failed_row(url: str, began: datetime, reason: Reason, http_status: int | None, seconds: float) -> Fetch:
    """The row of a try that failed."""
    return Fetch(
        picture_url=url,
        attempted_at=began,
        status="failed",
        reason=reason.value,
        http_status=http_status,
        sha256=None,
        seconds=round(seconds, 3),
    )


def _ok_row(url: str, began: datetime, http_status: int | None, sha256: str, seconds: float) -> Fetch:
    return Fetch(
        picture_url=url,
        attempted_at=began,
        status="ok",
        reason=None,
        http_status=http_status,
        sha256=sha256,
        seconds=round(seconds, 3),
    )
