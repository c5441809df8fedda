"""Downloads in several processes, so that they use more than one core: the run's side of `tasks.fetch.child`."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from classifiers.cores import cores
from tasks.errors import DownloadsCrashed
from tasks.fetch.attempt import Attempt
from tasks.fetch.download import Ask, FetchOptions
from tasks.fetch.messages import DownloadJob, Raised, end_of, job_line, order_line
from tasks.fetch.reasons import Reason
from warehouse.errors import DiskFull

logger = logging.getLogger(__name__)

MAX_PROCESSES = 4
"""One brings more than 300 MB a second; hardly a line or a disk takes four times that."""
MAX_LOST = 10
"""Processes that may end by themselves within a run."""


def processes() -> int:
    """How many are worth it here: one a core that this process may use."""
    return min(MAX_PROCESSES, cores())


@asynccontextmanager
async def downloading_in(number: int, home: Path, options: FetchOptions) -> AsyncIterator[Ask]:
    """What makes tries in so many processes, for the time of the block; the one with the least to do gets the next.

    A process that ends by itself costs what it had under way a try (`cut_off`), and another takes its place.
    """
    downloads = _Downloads(home, options)
    try:
        await downloads.start(number)
        yield downloads.ask
    finally:
        await downloads.end()


class _Gone(Exception):
    """The process ended before its answer came."""


class _Child:
    """One process and the jobs that it has."""

    def __init__(self, process: Process, order: DownloadJob) -> None:
        assert process.stdin is not None
        self.waiting: dict[int, asyncio.Future[Attempt | Raised]] = {}
        self._gone = False
        self._process = process
        self._input = process.stdin
        self._input.write(order_line(order))
        self._listening = asyncio.create_task(self._listen())

    async def ask(self, number: int, url: str) -> Attempt | Raised:
        """Hand over a job and wait for its end. Raises `_Gone`."""
        if self._gone:
            raise _Gone
        ended: asyncio.Future[Attempt | Raised] = asyncio.get_running_loop().create_future()
        self.waiting[number] = ended
        try:
            self._input.write(job_line(number, url))
            return await ended
        finally:
            del self.waiting[number]

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            number, ended = end_of(line)
            if number in self.waiting and not self.waiting[number].done():
                self.waiting[number].set_result(ended)
        self._gone = True
        for one in self.waiting.values():
            if not one.done():
                one.set_exception(_Gone())

    async def end(self) -> int:
        """End it, whatever it has under way; returns its exit status."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        status = await self._process.wait()
        await self._listening
        self._input.close()
        return status


class _Downloads:
    def __init__(self, home: Path, options: FetchOptions) -> None:
        self._home = home
        self._manner = options
        self._names = itertools.count()
        self._jobs = itertools.count()
        self._children: list[_Child] = []
        self._lost = 0
        self._replacing = asyncio.Lock()

    async def start(self, number: int) -> None:
        """Start so many processes; they are ready when they answer."""
        for _ in range(number):
            self._children.append(await self._started())

    async def ask(self, url: str) -> Attempt:
        """One try. Raises `DiskFull`, `DownloadsCrashed`, and `RuntimeError` with what a process did not expect."""
        child = min(self._children, key=lambda one: len(one.waiting))
        try:
            ended = await child.ask(next(self._jobs), url)
        except (_Gone, ConnectionError):
            await self._replace(child)
            return Attempt(datetime.now(UTC), 0.0, reason=Reason.CUT_OFF)
        if isinstance(ended, Attempt):
            return ended
        raise DiskFull(ended.text) if ended.disk_full else RuntimeError(ended.text)

    async def end(self) -> None:
        """End all processes."""
        for child in self._children:
            await child.end()

    async def _started(self) -> _Child:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tasks.fetch.child",
            stdin=PIPE,
            stdout=PIPE,
            # A terminal's Ctrl-C comes to the whole session; the run decides when its processes end.
            start_new_session=True,
        )
        return _Child(process, DownloadJob(self._home, f"{next(self._names)}-", self._manner))

    async def _replace(self, child: _Child) -> None:
        async with self._replacing:
            if child not in self._children:
                return  # another of its jobs was here first
            status = await child.end()
            self._lost += 1
            logger.warning("A downloading process ended by itself (exit status %d)", status)
            if self._lost > MAX_LOST:
                raise DownloadsCrashed(
                    f"{self._lost} downloading processes ended by themselves, the last with exit status {status}."
                    " Memory may be short, or a picture may crash the library that reads it. Run again: what is"
                    " stored is not fetched again."
                )
            self._children[self._children.index(child)] = await self._started()
