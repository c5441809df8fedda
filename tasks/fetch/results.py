"""What fetches ended with, on its way into the lake: in batches, beside the fetching, pictures first."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from datetime import timedelta

from tasks.fetch.attempt import Attempt
from tasks.fetch.retry_schedule import next_try_at
from warehouse.lake import Lake
from warehouse.tables import Fetch, Picture

BATCH_ROWS = 2000
BATCH_SECONDS = 3.0
"""A run that is killed fetches again what it got in this time at most, or that many."""


class Results:
    """Attempts that are not in the lake yet. `written` hears how many pictures are done whenever some are stored."""

    def __init__(self, lake: Lake, written: Callable[[int], None]) -> None:
        self._lake = lake
        self._written = written
        self._held: list[tuple[Fetch, Picture | None]] = []
        self._done = 0
        self._enough = asyncio.Event()
        self._writing = threading.Lock()

    @property
    def held(self) -> int:
        """How many attempts wait to be written."""
        return len(self._held)

    def add(self, url: str, tried: Attempt, failures: int) -> None:
        """Take an attempt to fetch the picture at `url`, which has failed so often in all if this one did."""
        self._held.append((_fetch_row(url, tried, failures), _picture_row(tried)))
        if len(self._held) >= BATCH_ROWS:
            self._enough.set()

    def done(self) -> None:
        """Count a picture whose attempts of this run are all here."""
        self._done += 1

    async def keep_writing(self) -> None:
        """Write whenever there is a batch, or the time for one has passed; until cancelled."""
        while True:
            # Not `wait_for`: in Python 3.11 it forgets that it was cancelled when the event came at the same time.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BATCH_SECONDS):
                    await self._enough.wait()
            self._enough.clear()
            await self.write()

    async def write(self) -> None:
        """Write what is there now, in a thread, so that the fetching goes on."""
        await asyncio.shield(asyncio.to_thread(self.write_now))

    def write_now(self) -> None:
        """Write what is there now, after what is being written."""
        with self._writing:
            done, batch = self._done, self._held
            self._held = []
            # Pictures before fetches: a fetch that is known to have gone well is never made again.
            self._lake.append([picture for _, picture in batch if picture is not None])
            if self._lake.append([fetch for fetch, _ in batch]):
                self._written(done)


def _fetch_row(url: str, tried: Attempt, failures: int) -> Fetch:
    return Fetch(
        picture_url=url,
        attempted_at=tried.began_at,
        status="ok" if tried.reason is None else "failed",
        reason=None if tried.reason is None else tried.reason.value,
        http_status=tried.http_status,
        message=tried.message,
        sha256=None if tried.picture is None else tried.picture.sha256,
        seconds=round(tried.seconds, 3),
        next_try_at=None
        if tried.reason is None
        else next_try_at(tried.reason, failures, tried.began_at, tried.asked_seconds),
    )


def _picture_row(tried: Attempt) -> Picture | None:
    if (kept := tried.picture) is None:
        return None
    return Picture(
        sha256=kept.sha256,
        bytes=kept.bytes,
        width=kept.width,
        height=kept.height,
        format=kept.format,
        path=kept.path,
        fetched_at=tried.began_at + timedelta(seconds=tried.seconds),
    )
