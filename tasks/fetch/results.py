"""The rows of attempts on their way into the lake: in batches, during the downloads, pictures first."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

from tasks.fetch.attempt import Attempt
from tasks.fetch.retry_schedule import next_try_at
from warehouse.schema.picture_tables import Fetch, Picture
from warehouse.storage.lake import Lake

BATCH_ROWS = 2000
BATCH_SECONDS = 3.0
"""After a killed run, the next one fetches the pictures of this time again, or that many, at most."""


class Results:
    """Attempts that are not in the lake yet. Each write reports the number of finished pictures."""

    def __init__(self, lake: Lake, report: Callable[[int], None]) -> None:
        self._lake = lake
        self._report = report
        self._rows: list[tuple[Fetch, Picture | None]] = []
        self._done = 0
        self._batch_is_full = asyncio.Event()
        self._writing = threading.Lock()

    @property
    def pending(self) -> int:
        """How many attempts are not written yet."""
        return len(self._rows)

    def add(self, url: str, attempt: Attempt, failures: int) -> None:
        """Add an attempt to fetch `url`; `failures` is the number of all failures, including this one."""
        self._rows.append((_fetch_row(url, attempt, failures), _picture_row(attempt)))
        if len(self._rows) >= BATCH_ROWS:
            self._batch_is_full.set()

    def count_done(self) -> None:
        """Count a picture after its last attempt of the run."""
        self._done += 1

    async def write_batches(self) -> None:
        """Write each full batch, and after `BATCH_SECONDS` a smaller one, until cancelled."""
        while True:
            # Not `wait_for`: in Python 3.11 it ignores a cancellation that comes together with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BATCH_SECONDS):
                    await self._batch_is_full.wait()
            self._batch_is_full.clear()
            await self.write()

    async def write(self) -> None:
        """Write all pending rows in a thread, so that downloads continue."""
        await asyncio.shield(asyncio.to_thread(self.write_now))

    def write_now(self) -> None:
        """Write all pending rows, after a write that is under way."""
        with self._writing:
            done, batch = self._done, self._rows
            self._rows = []
            # Pictures before fetches: a fetch that is stored as `ok` is never made again.
            self._lake.append([picture for _, picture in batch if picture is not None])
            if self._lake.append([fetch for fetch, _ in batch]):
                self._report(done)


def _fetch_row(url: str, attempt: Attempt, failures: int) -> Fetch:
    reason, picture = attempt.reason, attempt.picture
    return Fetch(
        picture_url=url,
        attempted_at=attempt.began_at,
        status="ok" if reason is None else "failed",
        reason=None if reason is None else reason.value,
        http_status=attempt.http_status,
        message=attempt.message,
        sha256=None if picture is None else picture.sha256,
        seconds=round(attempt.seconds, 3),
        next_try_at=None
        if reason is None
        else next_try_at(reason, failures, attempt.began_at, attempt.retry_after),
    )


def _picture_row(attempt: Attempt) -> Picture | None:
    if (picture := attempt.picture) is None:
        return None
    return Picture(**asdict(picture), fetched_at=attempt.began_at + timedelta(seconds=attempt.seconds))
