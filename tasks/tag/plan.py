"""What goes next, and what to do about each answer: pictures sent again, pauses, and when to end."""

from __future__ import annotations

import logging
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from classifiers.clarifai.responses import Outcome
from classifiers.clarifai.statuses import Reaction, Status
from tasks.backoff import pause_seconds
from tasks.tag.batches import Batch, Ready
from tasks.tag.budget_tracker import BudgetTracker
from tasks.tag.lane import Lane
from tasks.tag.rate_limiter import RateLimiter

logger = logging.getLogger(__name__)

TRIES = 3
"""Requests with the same pictures that bring no answer, within a run."""
LOST_IN_A_ROW = 2
"""So many batches that no try brought an answer for, one after the other, end the lane for this run."""
REFUSED_IN_A_ROW = 64
"""So many pictures refused without one that is taken: something else than the pictures is wrong."""
MAX_PAUSE_SECONDS = 30.0
MAX_DOUBLINGS = 5


@dataclass(slots=True)
class Tally:
    """What came of the lane's requests, in pictures sent to a model, and why it ended early."""

    answered: int = 0
    refused: int = 0
    lost: int = 0
    lost_why: str = ""
    stopped: str = ""
    postponed: str = ""


class Plan:
    """Batches in the order in which they go, and what has come of them."""

    def __init__(
        self, lane: Lane, purse: BudgetTracker, pace: RateLimiter, fresh: Callable[[], Batch | None]
    ) -> None:
        self.tally = Tally()
        self.purse = purse
        self._lane = lane
        self._pace = pace
        self._fresh = fresh
        self._again: deque[Batch] = deque()
        self._pauses = 0
        self._lost_in_a_row = 0
        self._refused_in_a_row = 0
        self._good_at = time.monotonic()

    @property
    def ending(self) -> bool:
        """Whether nothing more is to be sent in this run."""
        return bool(self.tally.stopped or self.tally.postponed)

    @property
    def looking(self) -> bool:
        """Whether one request at a time looks if the service is ready again: after a pause, until an answer is good."""
        return self._pauses > 0

    @property
    def held_back(self) -> bool:
        """Whether there are batches that wait: to be sent again, or for money."""
        return bool(self._again)

    def next_batch(self) -> Batch | None:
        """What goes next, as far as the budget lets it; the rest waits for what turns out not to be billed."""
        batch = self._again.popleft() if self._again else self._fresh()
        if batch is None:
            return None
        left = self.purse.left()
        if left < len(batch.pictures):
            self._again.appendleft(replace(batch, pictures=batch.pictures[left:]))
            batch = replace(batch, pictures=batch.pictures[:left])
        self.purse.take(len(batch.pictures))
        return batch if batch.pictures else None

    def end_for_money(self) -> None:
        """End if what waits can't go for want of money; nothing is under way any more that could give some back."""
        if self._again and not self.purse.left():
            self.tally.postponed = self.purse.used_up()

    def take(self, batch: Batch, verdicts: Sequence[Outcome]) -> None:
        """React to the answer about a batch, picture by picture."""
        by_reaction: dict[Reaction, list[Ready]] = {}
        for picture, verdict in zip(batch.pictures, verdicts, strict=True):
            by_reaction.setdefault(verdict.status.reaction, []).append(picture)
        for reaction, pictures in by_reaction.items():
            status = next(one.status for one in verdicts if one.status.reaction is reaction)
            self._react(reaction, status, replace(batch, pictures=tuple(pictures)))
        if Reaction.KEEP in by_reaction:
            self._pauses = self._lost_in_a_row = self._refused_in_a_row = 0
            self._good_at = time.monotonic()
        elif self._refused_in_a_row >= REFUSED_IN_A_ROW:
            self.tally.postponed = (
                f"Clarifai refused {self._refused_in_a_row} pictures in a row ({verdicts[0].status})."
            )

    def _react(self, reaction: Reaction, status: Status, batch: Batch) -> None:
        count = len(batch.pictures)
        if reaction is Reaction.KEEP:
            self.tally.answered += count
        elif reaction is Reaction.PICTURE:
            self.tally.refused += count
            self._refused_in_a_row += count
        elif reaction is Reaction.STOP:
            self.tally.stopped = self.tally.stopped or f"{batch.model.model_id}: {status.message}"
        elif reaction is Reaction.SPLIT:
            half = (count + 1) // 2
            parts = (batch.pictures[:half], batch.pictures[half:])
            self._again += [replace(batch, pictures=part) for part in parts if part]
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
        seconds = min(MAX_PAUSE_SECONDS, pause_seconds(min(self._pauses, MAX_DOUBLINGS), random.random()))
        self._pauses += 1
        self._pace.hold(seconds)
        logger.info("%s: %s; a pause of %.1f s", self._lane.name, status, seconds)
