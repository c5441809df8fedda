"""Requests in flight: each is in the ledger before it goes, and its answer is on disk when it comes.

One thread runs the loop. gRPC's threads put answers on disk and into a queue, one thread fills batches, and
one writes to the lake, so that pictures are decoded and labels stored while requests are under way.
"""

from __future__ import annotations

import logging
import math
import queue
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from classifiers.clarifai.client import Client, Sent
from classifiers.clarifai.responses import Outcome, read_answer
from classifiers.clarifai.statuses import Status
from tasks.tag.batches import Batch, Batches
from tasks.tag.budget_tracker import BudgetTracker
from tasks.tag.lane import Lane
from tasks.tag.ledger import Ledger, RequestRecord, new_slip, outcome
from tasks.tag.plan import Plan, Tally
from tasks.tag.rate_limiter import RateLimiter
from tasks.tag.response_store import ResponseStore
from warehouse.home import Home

logger = logging.getLogger(__name__)

MAX_UNDER_WAY_BYTES = 256_000_000
"""Pictures under way weigh no more than this, unless one request alone does."""
WRITE_EVERY_SECONDS = 0.35
"""Writes to the lake begin no faster than this while requests are under way: each costs the same for a few."""
AHEAD_SECONDS = 0.8
"""Requests are written into the ledger at most so long before they go."""
MAX_AHEAD = 16
TIDY_EVERY = 64
"""Writes after which small files of the lake are merged."""
LINGER_SECONDS = 10.0
"""How long a run that is stopped waits for answers that it has paid for."""
IDLE_SECONDS = 0.5
LOG_EVERY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Request:
    """A batch with its slip."""

    slip: RequestRecord
    batch: Batch


class Sender:
    """Sends what waits until nothing does, the budget is used up, or a person must do something."""

    def __init__(self, home: Home, lane: Lane, client: Client, tell: Callable[[int], None]) -> None:
        self._lane = lane
        self._client = client
        self._tell = tell
        self._lake = home.lake
        self._ledger = Ledger(home)
        self._arrivals = ResponseStore(home)
        self._ahead = min(MAX_AHEAD, math.ceil(lane.options.requests_per_second * AHEAD_SECONDS))
        self._pace = RateLimiter(lane.options.requests_per_second)
        self._events: queue.SimpleQueue[tuple[Request, bytes | Status] | None] = queue.SimpleQueue()
        self.batches = Batches(home, lane, lambda: self._events.put(None))
        self._plan = Plan(lane, BudgetTracker(home.lake, lane), self._pace, self.batches.get)
        self._reserved: deque[Request] = deque()
        self._under_way: dict[str, tuple[Request, Sent]] = {}
        self._unstored: list[tuple[RequestRecord, list[Outcome]]] = []
        self._writing: Future[list[Request]] | None = None
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._writes = 0
        self._write_at = 0.0
        self._log_at = 0.0

    def run(self) -> Tally:
        """Send until there is nothing more to do. Raises what the lake or the disk raise."""
        try:
            while not self._finished():
                self._write_next()
                self._send()
                self._wait()
        finally:
            self._wind_up()
        return self._plan.tally

    def _finished(self) -> bool:
        if self._under_way or self._writing is not None or self._unstored:
            return False
        if self._plan.ending:
            return True
        waiting = self._plan.held_back or self._reserved or not self.batches.exhausted
        return not waiting and self._events.empty()

    def _write_next(self) -> None:
        """When the writer is free, let it write what has arrived, and requests that may go soon."""
        if self._writing is not None:
            if not self._writing.done():
                return
            self._reserved += self._writing.result()
            self._writing = None
        busy = self._reserved or self._under_way
        if busy and not self._plan.ending and time.monotonic() < self._write_at:
            return
        chosen = self._choose()
        if chosen or self._unstored:
            ended, self._unstored = self._unstored, []
            self._write_at = time.monotonic() + WRITE_EVERY_SECONDS
            self._writing = self._writer.submit(self._write, chosen, ended)
            self._writing.add_done_callback(lambda _: self._events.put(None))
        elif not busy:
            self._plan.end_for_money()

    def _choose(self) -> list[Request]:
        """Requests to write into the ledger now."""
        self._plan.purse.refresh()
        chosen: list[Request] = []
        while self._may_reserve(len(chosen)) and (batch := self._plan.next_batch()) is not None:
            chosen.append(Request(self._slip(batch), batch))
        return chosen

    def _write(
        self, chosen: list[Request], ended: list[tuple[RequestRecord, list[Outcome]]]
    ) -> list[Request]:
        self._arrivals.announce([one.slip for one in chosen])
        self._ledger.write([one.slip for one in chosen], ended)
        self._arrivals.drop([slip for slip, _ in ended])
        self._writes += 1
        if self._writes % TIDY_EVERY == 0:
            self._lake.tidy()
        return chosen

    def _may_reserve(self, chosen: int) -> bool:
        if self._plan.ending or self._pace.held:
            return False
        waiting = len(self._reserved) + chosen
        if self._plan.looking:  # after a pause one request looks whether the service is ready again
            return not (waiting or self._under_way)
        return waiting < self._ahead

    def _slip(self, batch: Batch) -> RequestRecord:
        return new_slip(
            self._lane,
            batch.model,
            [one.sha256 for one in batch.pictures],
            [one.payload.orientation for one in batch.pictures],
        )

    def _send(self) -> None:
        while self._reserved and not self._plan.ending and not self._pace.delay() and self._has_room():
            request = self._reserved.popleft()
            self._pace.go()
            self._arrivals.sends(request.slip)
            model = request.batch.model
            sent = self._client.send(
                model.model_id, model.version, [one.payload for one in request.batch.pictures]
            )
            self._under_way[request.slip.request_id] = (request, sent)
            sent.when_done(lambda request=request, sent=sent: self._arrived(request, sent))  # type: ignore[misc]

    def _has_room(self) -> bool:
        if len(self._under_way) >= (1 if self._plan.looking else self._lane.options.in_flight):
            return False
        weight = sum(request.batch.bytes for request, _ in self._under_way.values())
        return not weight or weight + self._reserved[0].batch.bytes <= MAX_UNDER_WAY_BYTES

    def _arrived(self, request: Request, sent: Sent) -> None:
        """In gRPC's thread: put the answer on disk before anything else."""
        answer = sent.answer()
        try:
            if isinstance(answer, bytes):
                self._arrivals.keep(request.slip, answer)
        except OSError as error:  # the disk may be full; the answer goes on in memory, and the lake will tell
            logger.warning("An answer could not be kept on disk: %s", error)
        finally:
            self._events.put((request, answer))

    def _wait(self) -> None:
        """Until an answer, a batch or a written file is there, or the next request may go."""
        seconds = IDLE_SECONDS
        if not self._plan.ending and (self._reserved or self._plan.held_back):
            seconds = min(seconds, self._pace.delay() or seconds)
        if self._writing is None:
            seconds = min(seconds, max(self._write_at - time.monotonic(), 0.01))
        try:
            event = self._events.get(timeout=seconds)
            while True:
                if event is not None:
                    self._take(*event)
                event = self._events.get_nowait()
        except queue.Empty:
            return

    def _take(self, request: Request, answer: bytes | Status) -> None:
        del self._under_way[request.slip.request_id]
        verdicts = read_answer(answer, request.slip.asked, self._client.scrubbed)
        self._unstored.append((request.slip, verdicts))
        self._plan.purse.give_back(
            sum(outcome(one) == "not_billed" for one in verdicts), request.slip.sent_at
        )
        self._plan.take(request.batch, verdicts)
        self._report()

    def _report(self) -> None:
        tally = self._plan.tally
        self._tell(tally.answered + tally.refused + tally.lost)
        if time.monotonic() >= self._log_at:
            self._log_at = time.monotonic() + LOG_EVERY_SECONDS
            logger.info("%s: %d pictures answered", self._lane.name, tally.answered)

    def _wind_up(self) -> None:
        """End in order, also when a person or an error stopped the run: what was paid for is kept."""
        try:
            self.batches.stop()
            self._linger()
            if self._reserved:
                self._ledger.withdraw([one.slip for one in self._reserved])
                self._arrivals.forget_unsent()
        finally:
            for _, sent in list(self._under_way.values()):
                sent.cancel()
            self._writer.shutdown(wait=True)

    def _linger(self) -> None:
        until = time.monotonic() + LINGER_SECONDS
        while self._under_way and (left := until - time.monotonic()) > 0:
            try:
                event = self._events.get(timeout=left)
            except queue.Empty:
                break
            if event is not None:
                self._take(*event)
        if self._writing is not None:
            self._reserved += self._writing.result()
        if self._unstored:
            self._write([], self._unstored)
