"""All pending pictures through the downloads into rows.

    while the list has more pictures than fit into memory: read the list again
        for each picture in the list:
            wait while too many are in memory
            put it into its host's queue, or leave it for the next reading if that queue stays full
    for each host with a queue, one dispatcher:
        where the host has a limit for all runs, hold one of its slots, and release it now and then for other runs
        wait until the host's pause is over and it has fewer requests than its limit
        wait in turn for one of `concurrency` slots, then start an attempt with the next picture
    for each attempt that ends:
        adapt the host's limit and pause, and add the row
        after a transient failure, queue the picture again after a pause, up to `MAX_TRIES` times
        if the run gives up the host, end all pictures in its queue

Memory is bounded, and no host delays another: each has one dispatcher in the line for slots.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from tasks.backoff import pause_seconds
from tasks.fetch.attempt import TRANSIENT, Attempt, Reason
from tasks.fetch.download import Download
from tasks.fetch.host_turns import TURN_SECONDS, YIELD_SECONDS, HostTurns, NoTurns
from tasks.fetch.hosts import Host, Hosts, Job
from tasks.fetch.results import BATCH_ROWS, Results
from tasks.fetch.signatures import MESSAGE_START
from warehouse.records.pending import HostResponse, PictureToFetch

MAX_TRIES = 3
"""Tries of one picture within a run, after transient failures."""
MAX_PENDING = 20_000
"""Addresses in memory, of all hosts."""
MAX_PENDING_PER_HOST = 4_000
CLOCK_SECONDS = 0.005
"""Timers may fire a little early."""

PictureList = Callable[[], Iterator[list[PictureToFetch]]]


class Pipeline:
    """The fetching of one run. `download` makes one attempt; `results` takes each attempt's row.

    `turns` has the limits of hosts that hold for several runs together.
    """

    def __init__(
        self,
        download: Download,
        concurrency: int,
        per_host: int,
        results: Results,
        turns: HostTurns | None = None,
    ) -> None:
        self._download = download
        self._hosts = Hosts(concurrency, per_host)
        self._results = results
        self._turns = turns or NoTurns()
        self._slots = asyncio.Semaphore(concurrency)
        self._unfinished = 0
        self._changed = asyncio.Event()
        self.tally: Counter[str] = Counter()
        """How many pictures ended as `ok`, or with each reason."""
        self.other_files: dict[str, Counter[str]] = {}
        """For each reason, which other files came instead of pictures, and how often."""
        self.skipped: Counter[str] = Counter()
        """How many pictures of a host were not requested, because it requested a longer pause, or is in `occupied`."""
        self.occupied: set[str] = set()
        """Hosts that other runs read all the time."""

    @property
    def failures(self) -> Counter[str]:
        """How many pictures failed for each reason."""
        return Counter({reason: count for reason, count in self.tally.items() if reason != "ok"})

    def resume_pauses(self, responses: Iterator[list[HostResponse]], today: datetime) -> None:
        """Before the run: continue the pauses that hosts requested in earlier ones."""
        for batch in responses:
            self._hosts.resume_pauses(batch, today, time.monotonic())

    async def run(self, pictures: PictureList) -> None:
        """Fetch all pictures of the list; raises what `download` and the writing of results raise."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group, self._loop = group, asyncio.get_running_loop()
                writing = group.create_task(self._results.write_batches())
                while await self._read(pictures):
                    await self._results.write()
                writing.cancel()
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _read(self, pictures: PictureList) -> bool:
        """Read the list once and finish its pictures; returns whether some were left for another reading."""
        left = 0
        self.skipped.clear()
        batches = pictures()
        while batch := await asyncio.to_thread(next, batches, None):
            for picture in batch:
                host = self._hosts.host_of(picture.url)
                while self._is_full(host) and self._slots.locked():
                    await self._wait_for_change()
                if self._is_full(host):
                    left += 1
                else:
                    self._unfinished += 1
                    self._queue(host, Job(picture.url, picture.failures))
            while self._unfinished >= MAX_PENDING:
                await self._wait_for_change()
            if self._results.pending >= 4 * BATCH_ROWS:
                await self._results.write()
        while self._unfinished:
            await self._wait_for_change()
        return left > 0

    def _is_full(self, host: Host) -> bool:
        return len(host.pending) >= MAX_PENDING_PER_HOST and not host.given_up

    async def _wait_for_change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _queue(self, host: Host, job: Job) -> None:
        if host.given_up:
            self._skip(host, job)
            return
        if not host.pending:
            host.changed.set()  # its dispatcher may wait for the end of its turn
        host.pending.append(job)
        if not host.is_served:
            host.is_served = True
            self._group.create_task(self._serve(host))

    async def _serve(self, host: Host) -> None:
        """Start attempts until the host's queue is empty, in turns where runs share a limit of the host."""
        while host.pending:
            turn = self._turns.hold(host.name)
            if turn is None:
                await self._start_attempts(host, float("inf"))
                continue
            async with turn as is_held:
                if is_held:
                    await self._take_turn(host, time.monotonic() + TURN_SECONDS)
                else:
                    self._give_up_occupied(host)
            if host.pending:
                await asyncio.sleep(YIELD_SECONDS)
        host.is_served = False

    async def _take_turn(self, host: Host, until: float) -> None:
        """Start attempts until the time, and return when all have ended."""
        while host.running or (host.pending and time.monotonic() < until):
            await self._start_attempts(host, until)
            if host.running:
                host.changed.clear()
                await host.changed.wait()

    def _give_up_occupied(self, host: Host) -> None:
        self.occupied.add(host.name)
        host.given_up = Reason.BUSY
        while host.pending:
            self._skip(host, host.pending.popleft())

    async def _start_attempts(self, host: Host, until: float) -> None:
        while host.pending and time.monotonic() < until:
            if not self._hosts.may_start(host, now := time.monotonic()):
                pause = host.paused_until - now
                host.changed.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause + CLOCK_SECONDS if pause > 0 else None):
                        await host.changed.wait()
                continue
            await self._slots.acquire()
            if self._hosts.may_start(host, time.monotonic()):
                host.running += 1
                self._group.create_task(self._try(host, host.pending.popleft()))
            else:
                self._slots.release()

    async def _try(self, host: Host, job: Job) -> None:
        began = time.monotonic()
        attempt = await self._download(job.url)
        job.tries += 1
        job.reason, job.message = attempt.reason, attempt.message
        host.running -= 1
        host.record(attempt, began, time.monotonic())
        self._results.add(job.url, attempt, job.earlier_failures + job.tries)
        if job.reason not in TRANSIENT or job.tries == MAX_TRIES:
            self._end(job)
        elif job.reason == Reason.BUSY:
            self._queue(host, job)  # the host itself pauses
        else:
            self._loop.call_later(pause_seconds(job.tries - 1, random.random()), self._queue, host, job)
        while host.given_up and host.pending:
            self._skip(host, host.pending.popleft())
        self._slots.release()
        host.changed.set()
        self._changed.set()

    def _skip(self, host: Host, job: Job) -> None:
        """End a picture of a host that the run has given up."""
        if job.tries == 0 and host.given_up == Reason.BUSY:
            self.skipped[host.name] += 1
            self._unfinished -= 1
        else:
            if job.tries == 0:
                # No picture got a response from the host. A try of this one would only take longer.
                job.reason = host.given_up
                attempt = Attempt(datetime.now(UTC), 0.0, reason=host.given_up)
                self._results.add(job.url, attempt, job.earlier_failures + 1)
            self._end(job)
        self._changed.set()

    def _end(self, job: Job) -> None:
        self.tally[job.reason or "ok"] += 1
        if job.reason and job.message and job.message.startswith(MESSAGE_START):
            name = job.message.removeprefix(MESSAGE_START).partition(". ")[0]
            name = name.removeprefix("a ").removeprefix("an ")
            self.other_files.setdefault(job.reason, Counter())[name] += 1
        self._results.count_done()
        self._unfinished -= 1
