"""Which batch goes next, and how to react to each response: retries, pauses, splits, and the end of the lane."""

from __future__ import annotations

import logging
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from classifiers.remote.outcomes import Outcome, Reaction, Status
from tasks.backoff import pause_seconds, retry_after_seconds
from tasks.tag.batches import Batch, PreparedPicture
from tasks.tag.budget_tracker import BudgetTracker
from tasks.tag.lane import Lane
from tasks.tag.rate_limiter import RateLimiter
from warehouse.records.charges import MAX_UNUSABLE

logger = logging.getLogger(__name__)

MAX_TRIES = 3
"""Requests with the same pictures that get no response, within a run."""
MAX_LOST_IN_A_ROW = 2
"""So many consecutive batches without a response to any try end the lane for this run."""
MAX_REFUSED_IN_A_ROW = 64
"""After so many consecutive refusals or unusable responses the pictures are not the cause, and the lane ends for this run."""
MAX_PAUSE_SECONDS = 30.0
MAX_DOUBLINGS = 5
MAX_PAUSES_UNREACHED = 5
"""After so many pauses in a row (half a minute) a server that accepts no connection is down."""


@dataclass(slots=True)
class Tally:
    """The results of the lane's requests, in pictures sent to a model, and why it ended early."""

    labelled: int = 0
    refused: int = 0
    unusable: int = 0
    lost: int = 0
    loss_reason: str = ""
    failure: str = ""
    postponement: str = ""


class Plan:
    """The batches in the order in which they go, and their results."""

    def __init__(
        self, lane: Lane, budget: BudgetTracker, limiter: RateLimiter, next_new: Callable[[], Batch | None]
    ) -> None:
        self.tally = Tally()
        self.budget = budget
        self._lane = lane
        self._service = lane.service.name(lane.options)
        self._limiter = limiter
        self._next_new = next_new
        self._retries: deque[Batch] = deque()
        self._pauses = 0
        self._lost_in_a_row = 0
        self._refused_in_a_row = 0
        self._succeeded_at = time.monotonic()

    @property
    def is_ending(self) -> bool:
        """Whether nothing more is sent in this run."""
        return bool(self.tally.failure or self.tally.postponement)

    @property
    def is_probing(self) -> bool:
        """Whether one request at a time checks that the service is ready: after a pause, until one succeeds."""
        return self._pauses > 0

    @property
    def has_retries(self) -> bool:
        """Whether there are batches to send again, or batches that the budget holds back."""
        return bool(self._retries)

    def next_batch(self) -> Batch | None:
        """The next batch, as far as the budget allows. The rest is held back until something is not billed."""
        batch = self._retries.popleft() if self._retries else self._next_new()
        if batch is None:
            return None
        left = self.budget.left()
        if left < len(batch.pictures):
            self._retries.appendleft(replace(batch, pictures=batch.pictures[left:]))
            batch = replace(batch, pictures=batch.pictures[:left])
        self.budget.reserve(len(batch.pictures))
        return batch if batch.pictures else None

    def end_without_budget(self) -> None:
        """End if the budget is used up. Call this when no request is in flight that could release some of it."""
        if self._retries and not self.budget.left():
            self.tally.postponement = self.budget.exhausted_message()

    def apply(self, batch: Batch, outcomes: Sequence[Outcome]) -> None:
        """React to the response to a batch, picture by picture."""
        by_reaction: dict[Reaction, list[PreparedPicture]] = {}
        for picture, outcome in zip(batch.pictures, outcomes, strict=True):
            by_reaction.setdefault(outcome.status.reaction, []).append(picture)
        for reaction, pictures in by_reaction.items():
            status = next(one.status for one in outcomes if one.status.reaction is reaction)
            self._react(reaction, status, replace(batch, pictures=tuple(pictures)))
        if Reaction.KEEP in by_reaction:
            self._pauses = self._lost_in_a_row = self._refused_in_a_row = 0
            self._succeeded_at = time.monotonic()
        elif self._refused_in_a_row >= MAX_REFUSED_IN_A_ROW:
            self.tally.postponement = f"{self._service} gave no label to {self._refused_in_a_row} pictures in a row ({outcomes[0].status})."

    def _react(self, reaction: Reaction, status: Status, batch: Batch) -> None:
        count = len(batch.pictures)
        if reaction is Reaction.KEEP:
            self.tally.labelled += count
        elif reaction is Reaction.PICTURE:
            self.tally.refused += count
            self._refused_in_a_row += count
        elif reaction is Reaction.UNUSABLE:
            self._send_once_more(status, replace(batch, unusable=batch.unusable + 1))
        elif reaction is Reaction.STOP:
            self.tally.failure = self.tally.failure or f"{batch.model.model_id}: {status.message}"
        elif reaction is Reaction.SPLIT:
            half = (count + 1) // 2
            parts = (batch.pictures[:half], batch.pictures[half:])
            self._retries += [replace(batch, pictures=part) for part in parts if part]
        elif reaction is Reaction.WAIT:
            self._retries.appendleft(batch)
            self._back_off(status)
        else:
            self._retry(status, replace(batch, tries=batch.tries + 1))

    def _send_once_more(self, status: Status, batch: Batch) -> None:
        if batch.unusable < MAX_UNUSABLE:
            self._retries.append(batch)
            return
        self.tally.unusable += len(batch.pictures)
        self._refused_in_a_row += len(batch.pictures)
        logger.warning(
            "%s: no usable response for %d pictures (%s)", self._lane.name, len(batch.pictures), status
        )

    def _retry(self, status: Status, batch: Batch) -> None:
        if batch.tries < MAX_TRIES:
            self._retries.appendleft(batch)
            self._back_off(status)
            return
        self.tally.lost += len(batch.pictures)
        self.tally.loss_reason = str(status)
        self._lost_in_a_row += 1
        logger.warning("%s: no response for %d pictures (%s)", self._lane.name, len(batch.pictures), status)
        if self._lost_in_a_row >= MAX_LOST_IN_A_ROW:
            self._end_without_response(status)

    def _end_without_response(self, status: Status) -> None:
        self.tally.postponement = (
            f"{self._service} does not respond ({status}). The next run tries again. If it still fails then, check"
            f" {self._lane.service.check_advice(self._lane.options)}."
        )

    def _back_off(self, status: Status) -> None:
        if self._limiter.is_paused:
            return  # responses to requests that were sent before the pause began
        if status.unsent and self._pauses >= MAX_PAUSES_UNREACHED:
            self._end_without_response(status)
            return
        limit = self._lane.options.patience_seconds
        requested = retry_after_seconds(status.retry_after, datetime.now(UTC)) or 0.0
        if time.monotonic() - self._succeeded_at + requested > limit:
            self.tally.postponement = (
                f"{self._service} was not ready for {limit:,.0f} s ({status}). The next run tries again."
            )
            return
        seconds = min(MAX_PAUSE_SECONDS, pause_seconds(min(self._pauses, MAX_DOUBLINGS), random.random()))
        seconds = max(seconds, requested)
        self._pauses += 1
        self._limiter.pause(seconds)
        logger.info("%s: %s; pausing for %.1f s", self._lane.name, status, seconds)
