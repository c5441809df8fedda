"""Requests in flight: each is in the ledger before it is sent, and its response is on disk when it arrives.

    until no request is in flight and nothing is pending, or the lane ends early:
        when the writer is idle:
            choose batches, as far as budget and reservations allow      (plan, budget)
            the writer marks them unsent, writes finished outcomes and the new requests to the ledger
        while a written request waits, and rate limit, requests and bytes in flight allow it:
            mark it sent; send it
        wait for a response, a new batch, the end of a write, or the time of the next request
        for each response (the client's thread has saved it on disk): the plan applies its outcomes
    at the end, also after an error: wait a little for responses in flight; withdraw unsent requests

One thread runs this loop. The client's threads save responses and queue them, one thread fills batches, and one
writes to the lake, so that decoding and storing overlap with the requests.
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

from classifiers.remote.client import Client, PendingResponse
from classifiers.remote.outcomes import Outcome, Status
from tasks.tag.batches import Batch, Batches
from tasks.tag.budget_tracker import BudgetTracker
from tasks.tag.lane import Lane
from tasks.tag.ledger import Ledger, RequestRecord, billing_outcome, new_record
from tasks.tag.plan import Plan, Tally
from tasks.tag.rate_limiter import RateLimiter
from tasks.tag.response_store import ResponseStore
from warehouse.home import Home

logger = logging.getLogger(__name__)

MAX_BYTES_IN_FLIGHT = 256_000_000
"""Pictures in flight hold no more than this together, unless one request alone does."""
WRITE_EVERY_SECONDS = 0.35
"""The shortest time between two writes to the lake while requests are in flight: a write of few rows costs the same."""
RESERVE_SECONDS = 0.8
"""Requests are written to the ledger at most so long before they are sent."""
MIN_RESERVED = 16
"""So many requests, or twice those in flight, are in the ledger ahead, if the limit of requests allows as many."""
TIDY_EVERY = 64
"""Number of writes after which small files of the lake are merged."""
DRAIN_SECONDS = 10.0
"""How long a stopped run waits for responses that it has paid for."""
IDLE_SECONDS = 0.5
LOG_EVERY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Request:
    """A batch with its record."""

    record: RequestRecord
    batch: Batch


class Sender:
    """Sends until nothing is pending, the budget is used up, or a person must act."""

    def __init__(self, home: Home, lane: Lane, client: Client, progress: Callable[[int], None]) -> None:
        self._lane = lane
        self._client = client
        self._progress = progress
        self._lake = home.lake
        self._ledger = Ledger(home)
        self._responses = ResponseStore(home)
        self._max_reserved = min(
            max(MIN_RESERVED, 2 * lane.options.in_flight),
            math.ceil(lane.options.requests_per_second * RESERVE_SECONDS),
        )
        self._limiter = RateLimiter(lane.options.requests_per_second)
        self._events: queue.SimpleQueue[tuple[Request, bytes | Status] | None] = queue.SimpleQueue()
        self.batches = Batches(home, lane, lambda: self._events.put(None))
        self._plan = Plan(lane, BudgetTracker(home.lake, lane), self._limiter, self.batches.get)
        self._reserved: deque[Request] = deque()
        self._in_flight: dict[str, tuple[Request, PendingResponse]] = {}
        self._unstored: list[tuple[RequestRecord, list[Outcome]]] = []
        self._writing: Future[list[Request]] | None = None
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._writes = 0
        self._write_at = 0.0
        self._log_at = 0.0

    def run(self) -> Tally:
        """Send until the end. Raises the errors of the lake and the disk."""
        try:
            while not self._is_finished():
                self._write_next()
                self._send()
                self._wait()
        finally:
            self._shut_down()
        return self._plan.tally

    def _is_finished(self) -> bool:
        if self._in_flight or self._writing is not None or self._unstored:
            return False
        if self._plan.is_ending:
            return True
        is_pending = self._plan.has_retries or self._reserved or not self.batches.is_exhausted
        return not is_pending and self._events.empty()

    def _write_next(self) -> None:
        """When the writer is idle, let it write finished outcomes, and requests to send soon."""
        if self._writing is not None:
            if not self._writing.done():
                return
            self._reserved += self._writing.result()
            self._writing = None
        is_busy = self._reserved or self._in_flight
        if is_busy and not self._plan.is_ending and time.monotonic() < self._write_at:
            return
        chosen = self._choose()
        if chosen or self._unstored:
            ended, self._unstored = self._unstored, []
            self._write_at = time.monotonic() + WRITE_EVERY_SECONDS
            self._writing = self._writer.submit(self._write, chosen, ended)
            self._writing.add_done_callback(lambda _: self._events.put(None))
        elif not is_busy:
            self._plan.end_without_budget()

    def _choose(self) -> list[Request]:
        """Requests to write to the ledger now."""
        self._plan.budget.refresh()
        chosen: list[Request] = []
        while self._may_reserve(len(chosen)) and (batch := self._plan.next_batch()) is not None:
            sha256s = [one.sha256 for one in batch.pictures]
            orientations = [one.payload.orientation for one in batch.pictures]
            chosen.append(Request(new_record(self._lane, batch.model, sha256s, orientations), batch))
        return chosen

    def _may_reserve(self, chosen: int) -> bool:
        if self._plan.is_ending or self._limiter.is_paused:
            return False
        reserved = len(self._reserved) + chosen
        if self._plan.is_probing:
            return not (reserved or self._in_flight)
        return reserved < self._max_reserved

    def _write(
        self, chosen: list[Request], ended: list[tuple[RequestRecord, list[Outcome]]]
    ) -> list[Request]:
        records = [one.record for one in chosen]
        self._responses.mark_unsent(records)
        self._ledger.write(records, ended)
        self._responses.remove([record for record, _ in ended])
        self._writes += 1
        if self._writes % TIDY_EVERY == 0:
            self._lake.tidy()
        return chosen

    def _send(self) -> None:
        while self._reserved and not self._plan.is_ending and not self._limiter.delay() and self._has_room():
            request = self._reserved.popleft()
            self._limiter.record_request()
            self._responses.mark_sent(request.record)
            model = request.batch.model
            sent = self._client.send(
                model.model_id, model.version, [one.payload for one in request.batch.pictures]
            )
            self._in_flight[request.record.request_id] = (request, sent)
            sent.when_done(lambda request=request, sent=sent: self._receive(request, sent))  # type: ignore[misc]

    def _has_room(self) -> bool:
        if len(self._in_flight) >= (1 if self._plan.is_probing else self._lane.options.in_flight):
            return False
        size = sum(request.batch.bytes for request, _ in self._in_flight.values())
        return not size or size + self._reserved[0].batch.bytes <= MAX_BYTES_IN_FLIGHT

    def _receive(self, request: Request, sent: PendingResponse) -> None:
        """Save the response on disk before anything else. This runs in the client's thread."""
        response = sent.receive()
        try:
            if isinstance(response, bytes):
                self._responses.save(request.record, response)
        except OSError as error:  # if the disk is full, the next write to the lake raises DiskFull
            logger.warning("A response could not be saved on disk: %s", error)
        finally:
            self._events.put((request, response))

    def _wait(self) -> None:
        """Wait for a response, a batch or the end of a write, or until the next request is allowed."""
        seconds = IDLE_SECONDS
        if not self._plan.is_ending and (self._reserved or self._plan.has_retries):
            seconds = min(seconds, self._limiter.delay() or seconds)
        if self._writing is None:
            seconds = min(seconds, max(self._write_at - time.monotonic(), 0.01))
        try:
            event = self._events.get(timeout=seconds)
            while True:
                if event is not None:
                    self._apply(*event)
                event = self._events.get_nowait()
        except queue.Empty:
            return

    def _apply(self, request: Request, response: bytes | Status) -> None:
        record = request.record
        del self._in_flight[record.request_id]
        outcomes = self._lane.service.read_response(response, record.asked, self._client.redact_texts)
        self._unstored.append((record, outcomes))
        self._plan.budget.release(
            sum(billing_outcome(one) == "not_billed" for one in outcomes), record.sent_at
        )
        self._plan.apply(request.batch, outcomes)
        tally = self._plan.tally
        self._progress(tally.labelled + tally.refused + tally.unusable + tally.lost)
        if time.monotonic() >= self._log_at:
            self._log_at = time.monotonic() + LOG_EVERY_SECONDS
            logger.info("%s: %d pictures labelled", self._lane.name, tally.labelled)

    def _shut_down(self) -> None:
        """End in order, also after an interrupt or an error, so that nothing paid for is lost."""
        try:
            self.batches.stop()
            self._drain()
            if self._reserved:
                self._ledger.withdraw([one.record for one in self._reserved])
                self._responses.clear_unsent()
        finally:
            for _, sent in list(self._in_flight.values()):
                sent.cancel()
            self._writer.shutdown(wait=True)

    def _drain(self) -> None:
        deadline = time.monotonic() + DRAIN_SECONDS
        while self._in_flight and (left := deadline - time.monotonic()) > 0:
            try:
                event = self._events.get(timeout=left)
            except queue.Empty:
                break
            if event is not None:
                self._apply(*event)
        if self._writing is not None:
            self._reserved += self._writing.result()
        if self._unstored:
            self._write([], self._unstored)
