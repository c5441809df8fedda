"""Items of work on a cluster: a bounded number under way, and those that kill their workers are split.

while items are left or under way:
    keep PER_SLOT items for each worker process under way
    wait until one ends, and give its result to the caller
    an item that died with its workers is suspect, and so is each that was queued there: put it aside
run each suspect alone; one that kills its workers again is split in halves, which are suspects too
an item that can't be split any more is given to the caller as `WorkerDied`
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Generic, TypeVar

from tasks.cluster.protocol import Cluster, WorkerDied
from tasks.errors import ClusterUnavailable

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

PER_SLOT = 2
"""Items under way for each worker process: one is worked on, the next is there when it ends."""
POLL_SECONDS = 1.0
ALONE_SECONDS = 300.0
"""How long a run waits for a worker when all are gone; a killed one is often started again."""
MAX_DEATHS_IN_A_ROW = 3
"""Items that can't be split and die, with no result between them: then it is not the items."""


class ItemRunner(Generic[Item, Result]):
    """Runs a function over items on a cluster.

    `halve` splits an item in two, or returns nothing for one that can't be split. `check` is called about once a
    second, and may raise to stop.
    """

    def __init__(
        self,
        cluster: Cluster,
        function: Callable[[Item], Result],
        halve: Callable[[Item], Sequence[Item]],
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._cluster = cluster
        self._function = function
        self._halve = halve
        self._check = check
        self._suspects: deque[Item] = deque()
        self._under_way: dict[Future[Result], Item] = {}
        self._deaths_in_a_row = 0
        self._without_worker: float | None = None

    def run(self, items: Iterator[Item]) -> Iterator[tuple[Item, Result | WorkerDied]]:
        """Items with their results, as they end, in any order; items are taken from the iterator when there is room.

        Raises `ClusterUnavailable` when the cluster is lost, and whatever the function raises. Work that is under way
        is cancelled when the caller stops.
        """
        try:
            limit = PER_SLOT * max(1, self._cluster.slots())
            while self._fill(items, limit):
                yield from self._collect(alone=False)
                if self._suspects:
                    yield from self._drain()
        finally:
            for future in self._under_way:
                self._cluster.cancel(future)

    def _fill(self, items: Iterator[Item], limit: int) -> bool:
        """Whether anything is under way."""
        while len(self._under_way) < limit:
            item = next(items, None)
            if item is None:
                break
            self._submit(item)
        return bool(self._under_way)

    def _drain(self) -> Iterator[tuple[Item, Result | WorkerDied]]:
        """Finish what is under way, and then the suspects one by one: so each is known to be innocent or not."""
        while self._under_way:
            yield from self._collect(alone=False)
        while self._suspects:
            self._submit(self._suspects.popleft())
            while self._under_way:
                yield from self._collect(alone=True)

    def _submit(self, item: Item) -> None:
        self._under_way[self._cluster.submit(self._function, item)] = item

    def _collect(self, *, alone: bool) -> Iterator[tuple[Item, Result | WorkerDied]]:
        """Wait for a second at most, and give what has ended."""
        done, _ = wait(self._under_way, POLL_SECONDS, FIRST_COMPLETED)
        self._check()
        if not done:
            self._require_worker()
        for future in done:
            item = self._under_way.pop(future)
            try:
                result = future.result()
            except WorkerDied as death:
                self._cluster.workers()  # raises where the cluster is gone
                yield from self._suspect(item, death, alone=alone)
            else:
                self._deaths_in_a_row = 0
                self._without_worker = None
                yield item, result

    def _suspect(self, item: Item, death: WorkerDied, *, alone: bool) -> Iterator[tuple[Item, WorkerDied]]:
        if not alone:
            logger.warning("Workers died with an item of work (%s). It is tried again alone.", death)
            self._suspects.append(item)
        elif halves := self._halve(item):
            logger.warning("An item of work killed its workers again; its halves are tried.")
            self._suspects.extendleft(reversed(halves))
        else:
            self._deaths_in_a_row += 1
            if self._deaths_in_a_row >= MAX_DEATHS_IN_A_ROW:
                raise ClusterUnavailable(
                    f"{self._deaths_in_a_row} items in a row, each alone, killed their workers of"
                    f" {self._cluster.options.place}, so the cause is not one item. Look at the workers' logs; often"
                    " their memory is too small. Then run again: what is done is stored."
                )
            yield item, death

    def _require_worker(self) -> None:
        if self._cluster.workers():
            self._without_worker = None
            return
        now = time.monotonic()
        if self._without_worker is None:
            logger.warning("%s has no worker any more; waiting for one.", self._cluster.options.place)
            self._without_worker = now
        elif now - self._without_worker > ALONE_SECONDS:
            raise ClusterUnavailable(
                f"{self._cluster.options.place} has had no worker for {ALONE_SECONDS / 60:.0f} minutes. Start workers,"
                " and then run again: what is done is stored."
            )
