"""The stage classify for one classifier: decoding, model and storing, which overlap."""

from __future__ import annotations

import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from typing import Any

from classifiers.errors import ClassifierUnavailable, UnreadablePicture, in_one_line
from classifiers.protocol import Classifier, ConcurrentClassifier, GroupedClassifier, Label
from tasks.classify.decoding import Decoded, MissingFile, SharedDecoder
from tasks.classify.storing import LabelWriter, Portion
from tasks.classify.throughput import Throughput
from tasks.labels import describe_copies
from warehouse.home import Home
from warehouse.records.pending import StoredPicture, count_to_label, pictures_to_label
from warehouse.records.runs import StageResult
from warehouse.schema.picture_tables import LabelGroup

logger = logging.getLogger(__name__)

READ_PICTURES = 10_000

Batch = list[tuple[StoredPicture, Any]]


def label_pictures(
    home: Home,
    classifier: Classifier,
    progress: Callable[[int, int], None],
    decoding: SharedDecoder | None = None,
) -> StageResult:
    """Label what this version of the classifier has not labelled. `progress` gets done and total.

    Lanes can share a `decoding`; without one, the pictures are decoded for this lane alone.

    A picture that can't be decoded becomes a row in `unlabelled` with the reason. One whose file is missing, or
    no longer has the stored bytes, is logged and stays pending.
    """
    store_groups(home, classifier)
    tally = _Tally(classifier.name, count_to_label(home.lake, classifier.name, classifier.version), progress)
    pending = chain.from_iterable(
        pictures_to_label(home.lake, classifier.name, classifier.version, READ_PICTURES)
    )
    with (
        contextlib.nullcontext(decoding)
        if decoding
        else SharedDecoder(home.folder, [classifier.name]) as shared,
        LabelWriter(home, classifier, tally.add) as writer,
        contextlib.closing(shared.join(classifier, pending)) as decoded,
    ):
        batches = _fill_batches(tally.time_from_first(decoded), classifier.batch_size, writer)
        for batch, results in _label_batches(classifier, batches):
            for (picture, _), labels in zip(batch, results, strict=True):
                writer.add_labels(picture, labels)
    return tally.result(classifier.version)


def store_groups(home: Home, classifier: Classifier) -> None:
    """Store the plain words for the classifier's labels, where it has some."""
    if isinstance(classifier, GroupedClassifier):
        home.lake.upsert(
            [
                LabelGroup(classifier=classifier.name, label=label, label_group=group)
                for label, group in sorted(classifier.groups.items())
            ]
        )


def _fill_batches(pictures: Iterator[Decoded], size: int, writer: LabelWriter) -> Iterator[Batch]:
    """Full batches of the decoded pictures; the others go to `writer` at once."""
    batch: Batch = []
    for picture, prepared in pictures:
        if isinstance(prepared, UnreadablePicture | MissingFile):
            writer.add_skipped(picture, prepared)
            continue
        batch.append((picture, prepared))
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _label_batches(
    classifier: Classifier, batches: Iterator[Batch]
) -> Iterator[tuple[Batch, list[list[Label]]]]:
    """Batches with their labels, in their order. The next batch is filled while the model works on one."""
    callers = classifier.callers if isinstance(classifier, ConcurrentClassifier) else 1
    running: deque[tuple[Batch, Future[list[list[Label]]]]] = deque()
    with ThreadPoolExecutor(callers, "model") as model:
        try:
            for batch in batches:
                running.append((batch, model.submit(_label, classifier, batch)))
                if len(running) > callers:
                    oldest, results = running.popleft()
                    yield oldest, results.result()
            while running:
                oldest, results = running.popleft()
                yield oldest, results.result()
        finally:
            model.shutdown(wait=True, cancel_futures=True)


def _label(classifier: Classifier, batch: Batch) -> list[list[Label]]:
    try:
        return classifier.label([prepared for _, prepared in batch])
    except ClassifierUnavailable:
        raise
    except Exception as error:  # each library has its own, for a lack of memory, for example
        logger.debug("%s can't label pictures", classifier.name, exc_info=True)
        raise ClassifierUnavailable(
            f"{classifier.name} can't label pictures ({type(error).__name__}: {in_one_line(error)}). Run again: the"
            " labels so far are stored. If it fails again, check its model and the free memory."
        ) from error


class _Tally:
    """What a lane has done."""

    def __init__(self, lane: str, total: int, progress: Callable[[int, int], None]) -> None:
        self.lane = lane
        self.total = total
        self.done = self.failures = self.missing = self.copies = 0
        self._progress = progress
        self._throughput = Throughput(time.monotonic())

    def time_from_first(self, pictures: Iterator[Decoded]) -> Iterator[Decoded]:
        """The pictures. The rate counts from the first one on, because lanes wait for each other before it."""
        for number, one in enumerate(pictures):
            if number == 0:
                self._throughput = Throughput(time.monotonic())
            yield one

    def add(self, portion: Portion) -> None:
        """Count a stored portion, log it and report progress."""
        self.done += portion.pictures
        self.failures += len(portion.unlabelled)
        self.missing += portion.missing
        self.copies += portion.copies
        self._throughput.record(time.monotonic(), self.done)
        rate = self._throughput.describe(self.total)
        logger.info(
            "%s: %d of %d pictures labelled%s", self.lane, self.done, self.total, f"; {rate}" if rate else ""
        )
        self._progress(self.done, self.total)

    def result(self, version: str) -> StageResult:
        """The lane's result."""
        sentences = []
        if self.copies:
            sentences.append(describe_copies(self.copies))
        if self.failures:
            sentences.append(f"{self.failures} pictures got no label; the table unlabelled has the reasons.")
        if self.missing:
            sentences.append(
                f"{self.missing} picture files are missing or damaged; put them back and run again."
            )
        status = "incomplete" if self.missing else "done"
        skipped = self.failures + self.missing
        return StageResult(status, self.done - skipped, skipped, " ".join(sentences), version)
