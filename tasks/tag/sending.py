"""Requests in flight: each is in the ledger before it goes, and its answer is on disk when it comes.

One thread runs the loop. gRPC's threads put answers on disk and into a queue, one thread fills batches, and
one writes to the lake, so that pictures are decoded and labels stored while requests are under way.
"""

from __future__ import annotations

import logging
import math
import queue
import random
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from classifiers.clarifai.answers import Verdict, read_answer
from classifiers.clarifai.client import Client, Sent
from classifiers.clarifai.statuses import Reaction, Status
from tasks.pauses import pause_seconds
from tasks.tag.arrivals import Arrivals
from tasks.tag.batches import Batch, Batches, Ready
from tasks.tag.lane import Lane
from tasks.tag.ledger import Ledger, Slip, new_slip, outcome
from tasks.tag.pacing import Pace
from tasks.tag.purse import Purse
from warehouse.home import Home

logger = logging.getLogger(__name__)

TRIES = 3
"""Requests with the same pictures that bring no answer, within a run."""
LOST_IN_A_ROW = 2
"""So many batches that no try brought an answer for, one after the other, end the lane for this run."""
REFUSED_IN_A_ROW = 64
"""So many pictures refused without one that is taken: something else than the pictures is wrong."""
LONGEST_PAUSE_SECONDS = 30.0
MOST_DOUBLINGS = 5
MOST_UNDER_WAY_BYTES = 256_000_000
"""Pictures under way weigh no more than this, unless one request alone does."""
WRITE_EVERY_SECONDS = 0.35
"""Writes to the lake begin no faster than this while requests are under way: each costs the same for a few."""
AHEAD_SECONDS = 0.8
"""Requests are written into the ledger at most so long before they go."""
MOST_AHEAD = 16
TIDY_EVERY = 64
"""Writes after which small files of the lake are merged."""
LINGER_SECONDS = 10.0
"""How long a run that is stopped waits for answers that it has paid for."""
IDLE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Request:
    """A batch with its slip."""

    slip: Slip
    batch: Batch


@dataclass(slots=True)
class Tally:
    """What came of the lane's requests, in pictures sent to a model, and why it ended early."""

    answered: int = 0
    refused: int = 0
    lost: int = 0
    lost_why: str = ""
    stopped: str = ""
    postponed: str = ""


class Sender:
    """Sends what waits until nothing does, the budget is used up, or a person must do something."""

    def __init__(self, home: Home, lane: Lane, client: Client, tell: Callable[[int], None]) -> None:
        self.tally = Tally()
        self._lane = lane
        self._client = client
        self._tell = tell
        self._lake = home.lake
        self._ledger = Ledger(home)
        self._arrivals = Arrivals(home)
        self._purse = Purse(home.lake, lane)
        self._ahead = min(MOST_AHEAD, math.ceil(lane.options.requests_per_second * AHEAD_SECONDS))
        self._pace = Pace(lane.options.requests_per_second)
        self._events: queue.SimpleQueue[tuple[Request, bytes | Status] | None] = queue.SimpleQueue()
        self.batches = Batches(home, lane, lambda: self._events.put(None))
        self._again: deque[Batch] = deque()
        self._reserved: deque[Request] = deque()
        self._under_way: dict[str, tuple[Request, Sent]] = {}
        self._unstored: list[tuple[Slip, list[Verdict]]] = []
        self._writing: Future[list[Request]] | None = None
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._writes = 0
        self._write_at = 0.0
        self._pauses = 0
        self._lost_in_a_row = 0
        self._refused_in_a_row = 0
        self._good_at = time.monotonic()

    def run(self) -> Tally:
        """Send until there is nothing more to do. Raises what the lake or the disk raise."""
        try:
            while not self._finished():
                self._write_next()
                self._send()
                self._wait()
        finally:
            self._wind_up()
        return self.tally

    def _finished(self) -> bool:
        if self._under_way or self._writing is not None or self._unstored:
            return False
        if self._ending:
            return True
        return not self._again and not self._reserved and self.batches.exhausted and self._events.empty()

    @property
    def _ending(self) -> bool:
        return bool(self.tally.stopped or self.tally.postponed)

    def _write_next(self) -> None:
        """When the writer is free, let it write what has arrived, and requests that may go soon."""
        if self._writing is not None:
            if not self._writing.done():
                return
            self._reserved += self._writing.result()
            self._writing = None
        busy = self._reserved or self._under_way
        if busy and not self._ending and time.monotonic() < self._write_at:
            return
        chosen = self._choose()
        if chosen or self._unstored:
            ended, self._unstored = self._unstored, []
            self._write_at = time.monotonic() + WRITE_EVERY_SECONDS
            self._writing = self._writer.submit(self._write, chosen, ended)
            self._writing.add_done_callback(lambda _: self._events.put(None))
        elif self._again and not (self._purse.left() or self._reserved or self._under_way):
            self.tally.postponed = self._purse.used_up()

    def _choose(self) -> list[Request]:
        """Requests to write into the ledger now."""
        self._purse.refresh()
        chosen: list[Request] = []
        while self._may_reserve(len(chosen)) and (batch := self._next_batch()) is not None:
            chosen.append(Request(self._slip(batch), batch))
        return chosen

    def _write(self, chosen: list[Request], ended: list[tuple[Slip, list[Verdict]]]) -> list[Request]:
        self._arrivals.announce([one.slip for one in chosen])
        self._ledger.write([one.slip for one in chosen], ended)
        self._arrivals.drop([slip for slip, _ in ended])
        self._writes += 1
        if self._writes % TIDY_EVERY == 0:
            self._lake.tidy()
        return chosen

    def _may_reserve(self, chosen: int) -> bool:
        if self._ending or self._pace.held:
            return False
        waiting = len(self._reserved) + chosen
        if self._pauses:  # after a pause one request looks whether the service is ready again
            return not (waiting or self._under_way)
        return waiting < self._ahead

    def _next_batch(self) -> Batch | None:
        """What goes next, as far as the budget lets it; the rest waits for what turns out not to be billed."""
        batch = self._again.popleft() if self._again else self.batches.get()
        if batch is None:
            return None
        left = self._purse.left()
        if left < len(batch.pictures):
            self._again.appendleft(replace(batch, pictures=batch.pictures[left:]))
            batch = replace(batch, pictures=batch.pictures[:left])
        self._purse.take(left and len(batch.pictures))
        return batch if left else None

    def _slip(self, batch: Batch) -> Slip:
        return new_slip(
            self._lane,
            batch.model,
            [one.sha256 for one in batch.pictures],
            [one.payload.orientation for one in batch.pictures],
        )

    def _send(self) -> None:
        while self._reserved and not self._ending and not self._pace.delay() and self._has_room():
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
        if len(self._under_way) >= (1 if self._pauses else self._lane.options.in_flight):
            return False
        weight = sum(request.batch.bytes for request, _ in self._under_way.values())
        return not weight or weight + self._reserved[0].batch.bytes <= MOST_UNDER_WAY_BYTES

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
        if not self._ending and (self._reserved or self._again):
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
        self._purse.give_back(sum(outcome(one) == "not_billed" for one in verdicts), request.slip.sent_at)
        by_reaction: dict[Reaction, list[Ready]] = {}
        for picture, verdict in zip(request.batch.pictures, verdicts, strict=True):
            by_reaction.setdefault(verdict.status.reaction, []).append(picture)
        if Reaction.KEEP in by_reaction:
            self._pauses = self._lost_in_a_row = self._refused_in_a_row = 0
            self._good_at = time.monotonic()
        for reaction, pictures in by_reaction.items():
            status = next(one.status for one in verdicts if one.status.reaction is reaction)
            self._react(reaction, status, replace(request.batch, pictures=tuple(pictures)))
        self._tell(self.tally.answered + self.tally.refused + self.tally.lost)

    def _react(self, reaction: Reaction, status: Status, batch: Batch) -> None:
        count = len(batch.pictures)
        if reaction is Reaction.KEEP:
            self.tally.answered += count
        elif reaction is Reaction.PICTURE:
            self.tally.refused += count
            self._refused_in_a_row += count
            if self._refused_in_a_row >= REFUSED_IN_A_ROW:
                self.tally.postponed = f"Clarifai refused {REFUSED_IN_A_ROW} pictures in a row ({status})."
        elif reaction is Reaction.STOP:
            self.tally.stopped = self.tally.stopped or f"{batch.model.model_id}: {status.message}"
        elif reaction is Reaction.SPLIT:
            half = count // 2
            self._again += [
                replace(batch, pictures=batch.pictures[:half]),
                replace(batch, pictures=batch.pictures[half:]),
            ]
        elif reaction is Reaction.WAIT:
            self._again.appendleft(batch)
            self._pause(status)
        else:
            self._try_again(status, replace(batch, tries=batch.tries + 1))

    def _try_again(self, status: Status, batch: Batch) -> None:
        if batch.tries < TRIES:
            self._again.appendleft(batch)
            self._pause(status)
            return
        self.tally.lost += len(batch.pictures)
        self.tally.lost_why = str(status)
        self._lost_in_a_row += 1
        logger.warning("%s: no answer for %d pictures (%s)", self._lane.name, len(batch.pictures), status)
        if self._lost_in_a_row >= LOST_IN_A_ROW:
            self.tally.postponed = (
                f"Clarifai does not answer ({status}). The next run tries again; check the network, base and"
                " CLARIFAI_GRPC_BASE if it stays so."
            )

    def _pause(self, status: Status) -> None:
        if self._pace.held:
            return  # answers to requests that went before the pause began
        patience = self._lane.options.patience_seconds
        if time.monotonic() - self._good_at > patience:
            self.tally.postponed = (
                f"Clarifai was not ready for {patience:,.0f} s ({status}). The next run tries again."
            )
            return
        seconds = min(
            LONGEST_PAUSE_SECONDS, pause_seconds(min(self._pauses, MOST_DOUBLINGS), random.random())
        )
        self._pauses += 1
        self._pace.hold(seconds)
        logger.info("%s: %s; a pause of %.1f s", self._lane.name, status, seconds)

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
