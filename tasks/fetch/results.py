"""What fetches ended with, on its way into the lake: in batches, beside the fetching, pictures first."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable

from tasks.fetch.download import Attempt
from warehouse.lake import Lake

BATCH_ROWS = 1000
BATCH_SECONDS = 3.0
"""A run that is killed fetches again what it got in this time at most, or that many."""


class Results:
    """Attempts that are not in the lake yet. `written` hears how many pictures are done whenever some are stored."""

    def __init__(self, lake: Lake, written: Callable[[int], None]) -> None:
        self._lake = lake
        self._written = written
        self._held: list[Attempt] = []
        self._done = 0
        self._enough = asyncio.Event()
        self._writing = threading.Lock()

    @property
    def held(self) -> int:
        """How many attempts wait to be written."""
        return len(self._held)

    def add(self, tried: Attempt) -> None:
        """Take an attempt."""
        self._held.append(tried)
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
            self._lake.append([tried.picture for tried in batch if tried.picture is not None])
            if self._lake.append([tried.fetch for tried in batch]):
                self._written(done)
