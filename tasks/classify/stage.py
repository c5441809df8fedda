"""The stage classify for one classifier: decoding, the model and storing at the same time."""

from __future__ import annotations

import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from typing import Any

from classifiers.errors import UnreadablePicture
from classifiers.protocol import Classifier, Concurrent, Grouped, Label
from tasks.classify.decoding import Decoded, Decoding, Missing
from tasks.classify.storing import Portion, Storing
from tasks.classify.throughput import Throughput
from warehouse.home import Home
from warehouse.pending import StoredPicture, count_to_label, to_label
from warehouse.runs import StageResult
from warehouse.tables import LabelGroup

logger = logging.getLogger(__name__)

LISTED_AT_ONCE = 10_000

Batch = list[tuple[StoredPicture, Any]]


def label_pictures(
    home: Home, classifier: Classifier, progress: Callable[[int, int], None], decoding: Decoding | None = None
) -> StageResult:
    """Label what this version of the classifier was not asked about; `progress` hears done and total.

    Without a `decoding` that other lanes share its pictures are decoded for itself.

    A picture that can't be decoded costs itself alone: a row in `unlabelled` says why. One whose file is
    missing, or no longer has the bytes that were stored, is told and asked for again in the next run.
    """
    store_groups(home, classifier)
    tally = _Tally(classifier.name, count_to_label(home.lake, classifier.name, classifier.version), progress)
    waiting = chain.from_iterable(to_label(home.lake, classifier.name, classifier.version, LISTED_AT_ONCE))
    with (
        contextlib.nullcontext(decoding) if decoding else Decoding(home.folder, [classifier.name]) as shared,
        Storing(home, classifier, tally.add) as storing,
        contextlib.closing(shared.join(classifier, waiting)) as decoded,
    ):
        batches = _batches(tally.begun(decoded), classifier.batch_size, storing)
        for batch, answers in _answered(classifier, batches):
            for (picture, _), found in zip(batch, answers, strict=True):
                storing.labelled(picture, found)
    return tally.ended(classifier.version)


def store_groups(home: Home, classifier: Classifier) -> None:
    """Note which plain words the classifier's labels stand for, where it says so."""
    if isinstance(classifier, Grouped):
        home.lake.upsert(
            [
                LabelGroup(classifier=classifier.name, label=label, label_group=group)
                for label, group in sorted(classifier.groups.items())
            ]
        )


def _batches(pictures: Iterator[tuple[StoredPicture, Any]], size: int, storing: Storing) -> Iterator[Batch]:
    """Full batches of what could be decoded; what could not goes to `storing` at once."""
    batch: Batch = []
    for picture, found in pictures:
        if isinstance(found, UnreadablePicture | Missing):
            storing.left_out(picture, found)
            continue
        batch.append((picture, found))
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _answered(classifier: Classifier, batches: Iterator[Batch]) -> Iterator[tuple[Batch, list[list[Label]]]]:
    """Batches with their labels, in their order. While one is at the model the next is made ready."""
    at_once = classifier.callers if isinstance(classifier, Concurrent) else 1
    running: deque[tuple[Batch, Future[list[list[Label]]]]] = deque()
    with ThreadPoolExecutor(at_once, "model") as model:
        try:
            for batch in batches:
                running.append((batch, model.submit(classifier.label, [one for _, one in batch])))
                if len(running) > at_once:
                    batch, answers = running.popleft()  # noqa: PLW2901 - the oldest that is under way
                    yield batch, answers.result()
            while running:
                batch, answers = running.popleft()
                yield batch, answers.result()
        finally:
            model.shutdown(wait=True, cancel_futures=True)


class _Tally:
    """What a lane has done so far."""

    def __init__(self, lane: str, total: int, progress: Callable[[int, int], None]) -> None:
        self.lane = lane
        self.total = total
        self.done = self.failures = self.missing = 0
        self._progress = progress
        self._pace = Throughput(time.monotonic())

    def begun(self, pictures: Iterator[Decoded]) -> Iterator[Decoded]:
        """The pictures; the pace counts from the first one on, for before it lanes wait for each other."""
        for place, one in enumerate(pictures):
            if place == 0:
                self._pace = Throughput(time.monotonic())
            yield one

    def add(self, portion: Portion) -> None:
        """Count a portion that is stored, and tell."""
        self.done += portion.pictures
        self.failures += len(portion.unlabelled)
        self.missing += portion.missing
        self._pace.done(time.monotonic(), self.done)
        pace = self._pace.told(self.total)
        logger.info(
            "%s: %d of %d pictures labelled%s", self.lane, self.done, self.total, f"; {pace}" if pace else ""
        )
        self._progress(self.done, self.total)

    def ended(self, version: str) -> StageResult:
        """How the lane ended."""
        told = (
            [f"{self.failures} pictures got no label; the table unlabelled says why."]
            if self.failures
            else []
        )
        if self.missing:
            told.append(
                f"{self.missing} picture files are missing or damaged; put them back, and the next run labels them."
            )
        status = "incomplete" if self.missing else "done"
        left_out = self.failures + self.missing
        return StageResult(status, self.done - left_out, left_out, " ".join(told), version)
