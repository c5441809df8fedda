"""From the list of what waits to the rows of how it went: always full, in bounded memory, no host in another's way.

The list is read piece by piece, as there is room. Addresses wait at their host until it may be asked; a
picture that is to be tried again steps aside for a while. Where so many wait for one host that reading on
would fill the memory, the rest of that host's is left for another reading of the list.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from tasks.backoff import pause_seconds
from tasks.fetch.attempt import Attempt
from tasks.fetch.download import Ask
from tasks.fetch.hosts import Host, Hosts, Job
from tasks.fetch.reasons import PASSING, Reason
from tasks.fetch.results import BATCH_ROWS, Results
from tasks.fetch.signatures import IT_IS
from warehouse.pending import HostResponse, WaitingPicture

TRIES = 3
"""Tries of one picture within a run, where the trouble may pass."""
MAX_WAITING = 20_000
"""Addresses in memory, of all hosts."""
MAX_AT_A_HOST = 4_000
CLOCK_SECONDS = 0.005
"""Clocks may ring a little early."""

Listed = Callable[[], Iterator[list[WaitingPicture]]]


class Pipeline:
    """One run's fetching. `ask` makes one try; `results` takes how each went."""

    def __init__(self, ask: Ask, concurrency: int, per_host: int, results: Results) -> None:
        self._ask = ask
        self._hosts = Hosts(concurrency, per_host)
        self._results = results
        self._free = concurrency
        self._under_way = 0
        self._changed = asyncio.Event()
        self.tally: Counter[str] = Counter()
        """How many pictures ended so: `ok`, or the reason."""
        self.instead: dict[str, Counter[str]] = {}
        """For each reason, what came instead of pictures, and how often."""
        self.left: Counter[str] = Counter()
        """How many pictures of a host were not asked for, because it wants a longer pause."""

    @property
    def failures(self) -> Counter[str]:
        """How many pictures failed for each reason."""
        return Counter({reason: count for reason, count in self.tally.items() if reason != "ok"})

    def remember(self, answers: Iterator[list[HostResponse]], today: datetime) -> None:
        """Before the run: take over the pauses that hosts asked for in earlier ones."""
        for some in answers:
            self._hosts.remember(some, today, time.monotonic())

    async def run(self, listed: Listed) -> None:
        """Fetch all that is listed; raises what `ask` and the writing of results raise."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group, self._loop = group, asyncio.get_running_loop()
                writing = group.create_task(self._results.keep_writing())
                while await self._read(listed):
                    await self._results.write()
                writing.cancel()
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None

    async def _read(self, listed: Listed) -> bool:
        """Go through the list once, to the end of what is taken from it; returns whether some was passed over."""
        passed_over = 0
        self.left.clear()
        pieces = listed()
        while piece := await asyncio.to_thread(next, pieces, None):
            for picture in piece:
                host = self._hosts.of(picture.url)
                if len(host.waiting) >= MAX_AT_A_HOST and not host.given_up:
                    self._start()
                    await self._until(lambda host=host: self._free > 0 or len(host.waiting) < MAX_AT_A_HOST)  # type: ignore[misc]
                if len(host.waiting) >= MAX_AT_A_HOST:
                    passed_over += 1
                else:
                    self._take(host, Job(picture.url, picture.failures))
            self._start()
            await self._until(self._has_room)
        await self._until(lambda: self._under_way == 0)
        return passed_over > 0

    def _has_room(self) -> bool:
        return self._under_way < MAX_WAITING and self._results.held < 4 * BATCH_ROWS

    async def _until(self, fits: Callable[[], bool]) -> None:
        while not fits():
            self._changed.clear()
            await self._changed.wait()

    def _take(self, host: Host, job: Job) -> None:
        self._under_way += 1
        self._wait_at(host, job)

    def _wait_at(self, host: Host, job: Job) -> None:
        if host.given_up:
            self._leave(host, job)
        else:
            host.waiting.append(job)
            self._list(host)

    def _list(self, host: Host) -> None:
        pause = host.paused_until - time.monotonic()
        if pause <= 0:
            self._hosts.list(host, time.monotonic())
        elif not host.clock_is_set:
            host.clock_is_set = True
            self._loop.call_later(pause + CLOCK_SECONDS, self._pause_is_over, host)

    def _pause_is_over(self, host: Host) -> None:
        host.clock_is_set = False
        self._list(host)
        self._start()

    def _start(self) -> None:
        while self._free and (found := self._hosts.next(time.monotonic())):
            self._free -= 1
            self._group.create_task(self._work(*found))

    async def _work(self, host: Host, job: Job) -> None:
        """Try one picture after the other, as long as there is one that may be asked for."""
        found: tuple[Host, Job] | None = (host, job)
        while found:
            await self._try(*found)
            found = self._hosts.next(time.monotonic())
            self._start()
        self._free += 1
        self._changed.set()

    async def _try(self, host: Host, job: Job) -> None:
        began = time.monotonic()
        tried = await self._ask(job.url)
        job.tries += 1
        job.reason, job.message = tried.reason, tried.message
        host.running -= 1
        host.heard(tried, began, time.monotonic())
        self._results.add(job.url, tried, job.earlier + job.tries)
        if job.reason in PASSING and job.tries < TRIES:
            self._once_more(host, job)
        else:
            self._end(job)
        if host.given_up:
            self._give_up(host)
        self._list(host)
        self._changed.set()

    def _once_more(self, host: Host, job: Job) -> None:
        if job.reason == Reason.BUSY:
            self._wait_at(host, job)  # which is left in peace itself
        else:
            pause = pause_seconds(job.tries - 1, random.random())
            self._loop.call_later(pause, self._is_back, host, job)

    def _is_back(self, host: Host, job: Job) -> None:
        self._wait_at(host, job)
        self._start()
        self._changed.set()

    def _give_up(self, host: Host) -> None:
        while host.waiting:
            self._leave(host, host.waiting.popleft())

    def _leave(self, host: Host, job: Job) -> None:
        """End a picture of a host that is asked no more in this run."""
        assert host.given_up is not None
        if job.tries == 0 and host.given_up == Reason.BUSY:
            self.left[host.name] += 1
            self._under_way -= 1
            return
        if job.tries == 0:
            # The host answered nobody: so it would have gone with this picture, at much more time.
            job.reason = host.given_up
            as_the_host = Attempt(datetime.now(UTC), 0.0, reason=host.given_up)
            self._results.add(job.url, as_the_host, job.earlier + 1)
        self._end(job)

    def _end(self, job: Job) -> None:
        self.tally[job.reason or "ok"] += 1
        if job.reason and job.message and job.message.startswith(IT_IS):
            name = job.message.removeprefix(IT_IS).partition(". ")[0].removeprefix("a ").removeprefix("an ")
            self.instead.setdefault(job.reason, Counter())[name] += 1
        self._results.done()
        self._under_way -= 1
