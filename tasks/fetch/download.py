"""One picture's way in: asked for, followed, streamed with a cap, hashed, checked, kept."""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urljoin

import aiohttp

from tasks.fetch.addresses import PRIVATE, Doors, PrivateAddress
from tasks.fetch.local import copy_in, is_local
from tasks.fetch.reasons import Reason, of_status
from tasks.fetch.store import PictureStore, Unfit, read_kind
from warehouse.space import full_disk_noticed, need_room
from warehouse.tables import Fetch, Picture

MOST_REDIRECTS = 5
CHUNK_BYTES = 256 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Limits:
    """What one picture may cost."""

    most_bytes: int = 50 * 1024 * 1024
    total_seconds: float = 120.0
    connect_seconds: float = 15.0
    idle_seconds: float = 30.0

    def timeout(self) -> aiohttp.ClientTimeout:
        """The same as aiohttp takes it."""
        return aiohttp.ClientTimeout(
            total=self.total_seconds, sock_connect=self.connect_seconds, sock_read=self.idle_seconds
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one try ended: its row, the stored picture when it went well, and the pause the host asked for."""

    fetch: Fetch
    picture: Picture | None = None
    retry_after: str | None = None


@dataclass(slots=True)
class _Heard:
    """What the hosts have answered so far."""

    last_status: int | None = None


class _Failed(Exception):
    def __init__(self, reason: Reason, retry_after: str | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.retry_after = retry_after


async def attempt(
    url: str, doors: Doors, store: PictureStore, limits: Limits, folders: Sequence[Path] = ()
) -> Attempt:
    """Try once to fetch and store the picture at `url`; a `file:` address only where it is in one of `folders`.

    Raises `DiskFull`; all else becomes a reason.
    """
    began, clock = datetime.now(UTC), time.monotonic()
    incoming, heard = store.incoming / uuid.uuid4().hex, _Heard()
    try:
        try:
            picture = await _fetch(url, doors, store, limits, incoming, heard, folders)
        finally:
            incoming.unlink(missing_ok=True)
    except _Failed as failed:
        row = _row(url, began, clock, failed.reason, heard.last_status, None)
        return Attempt(row, retry_after=failed.retry_after)
    return Attempt(_row(url, began, clock, None, heard.last_status, picture.sha256), picture)


async def _fetch(
    url: str,
    doors: Doors,
    store: PictureStore,
    limits: Limits,
    incoming: Path,
    heard: _Heard,
    folders: Sequence[Path],
) -> Picture:
    try:
        async with asyncio.timeout(limits.total_seconds):
            if is_local(url):
                sha256, size = await asyncio.to_thread(copy_in, url, folders, limits.most_bytes, incoming)
            else:
                sha256, size = await _follow(url, doors, limits, incoming, heard)
    except Unfit as unfit:
        raise _Failed(unfit.reason) from None
    except PrivateAddress:
        raise _Failed(Reason.PRIVATE_ADDRESS) from None
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError, ValueError):
        raise _Failed(Reason.BAD_ADDRESS) from None
    except TimeoutError:
        raise _Failed(Reason.TIMEOUT) from None
    except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError):
        raise _Failed(Reason.CUT_OFF) from None
    except aiohttp.ClientConnectorError as error:
        # With several addresses to a name, the sockets' errors come as one that only has their texts.
        private = isinstance(error.os_error, PrivateAddress) or PRIVATE in str(error.os_error)
        raise _Failed(Reason.PRIVATE_ADDRESS if private else Reason.UNREACHABLE) from None
    except aiohttp.ClientError:
        raise _Failed(Reason.UNREACHABLE) from None
    try:
        kind = await asyncio.to_thread(read_kind, incoming)
    except Unfit as unfit:
        raise _Failed(unfit.reason) from None
    return Picture(
        sha256=sha256,
        bytes=size,
        width=kind.width,
        height=kind.height,
        format=kind.format,
        path=store.keep(incoming, sha256, kind.ending),
        fetched_at=datetime.now(UTC),
    )


async def _follow(url: str, doors: Doors, limits: Limits, incoming: Path, heard: _Heard) -> tuple[str, int]:
    for _ in range(MOST_REDIRECTS + 1):
        async with doors.session_for(url).get(url, allow_redirects=False) as response:
            heard.last_status = response.status
            if response.status in _REDIRECTS and (target := response.headers.get("Location")):
                url = urljoin(url, target)
                continue
            if reason := of_status(response.status):
                raise _Failed(reason, response.headers.get("Retry-After"))
            return await _stream(response, limits, incoming)
    raise _Failed(Reason.REDIRECTS)


async def _stream(response: aiohttp.ClientResponse, limits: Limits, incoming: Path) -> tuple[str, int]:
    if (response.content_length or 0) > limits.most_bytes:
        raise _Failed(Reason.TOO_LARGE)
    need_room(incoming.parent, response.content_length or 0)
    digest, size = hashlib.sha256(), 0
    with full_disk_noticed(incoming.parent), incoming.open("wb") as out:
        async for chunk in response.content.iter_chunked(CHUNK_BYTES):
            size += len(chunk)
            if size > limits.most_bytes:
                raise _Failed(Reason.TOO_LARGE)
            digest.update(chunk)
            out.write(chunk)
    return digest.hexdigest(), size


def _row(
    url: str,
    began: datetime,
    clock: float,
    reason: Reason | None,
    http_status: int | None,
    sha256: str | None,
) -> Fetch:
    return Fetch(
        picture_url=url,
        attempted_at=began,
        status="failed" if reason else "ok",
        reason=reason.value if reason else None,
        http_status=http_status,
        sha256=sha256,
        seconds=round(time.monotonic() - clock, 3),
    )
