"""The stage classify for one classifier: stored embeddings first; then decoding, model and storing, which overlap."""

from __future__ import annotations

import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import UnreadablePicture
from classifiers.protocol import (
    Classifier,
    ConcurrentClassifier,
    EmbeddingClassifier,
    GroupedClassifier,
    Label,
    VectorClassifier,
)
from tasks.classify.decoding import Decoded, MissingFile, SharedDecoder
from tasks.classify.storing import LabelWriter, Portion
from tasks.classify.throughput import Throughput
from tasks.classify.vectors import describe_missing_vectors, label_stored_vectors, labelling_errors
from tasks.labels import describe_copies
from warehouse.embeddings.pending import count_to_process, pictures_to_process
from warehouse.embeddings.themes import record_embedding_version
from warehouse.home import Home
from warehouse.records.pending import StoredPicture
from warehouse.records.runs import StageResult
from warehouse.schema.picture_tables import LabelGroup

logger = logging.getLogger(__name__)

READ_PICTURES = 10_000

Batch = list[tuple[StoredPicture, Any]]
Results = tuple[list[list[Label]], NDArray[np.float16] | None]
"""The labels of a batch, and its embeddings where the classifier stores them."""


def label_pictures(
    home: Home,
    classifier: Classifier,
    progress: Callable[[int, int], None],
    decoding: SharedDecoder | None = None,
    *,
    compare_all: bool = False,
) -> StageResult:
    """Label what this version of the classifier has not labelled. `progress` gets done and total.

    A classifier that labels stored embeddings gets these first. The other pictures, and those whose embedding the
    classifier has to store, are decoded.

    Without embeddings, pictures from before the lane's last complete run are skipped, unless `compare_all` (see
    `count_to_label`).
    Lanes can share a `decoding`; without one, the pictures are decoded for this lane alone.

    A picture that can't be decoded becomes a row in `unlabelled` with the reason. One whose file is missing, or
    no longer has the stored bytes, is logged and stays pending.
    """
    store_groups(home, classifier)
    name, version = classifier.name, classifier.version
    embedding_version = _embedding_version(classifier)
    total = count_to_process(home.lake, name, version, embedding_version, compare_all=compare_all)
    tally = _Tally(name, total, progress, labels_few=isinstance(classifier, VectorClassifier))
    with LabelWriter(home, classifier, tally.add) as writer:
        if decoding and not needs_pictures(classifier):
            decoding.leave(name)
        if isinstance(classifier, VectorClassifier):
            label_stored_vectors(home.lake, classifier, writer)
            writer.flush()  # the pictures that they label need no pass
        if needs_pictures(classifier):
            batches = pictures_to_process(
                home.lake, name, version, embedding_version, READ_PICTURES, compare_all=compare_all
            )
            _label_files(home, classifier, chain.from_iterable(batches), tally, writer, decoding)
    if isinstance(classifier, VectorClassifier) and not needs_pictures(classifier):
        return tally.result(version, describe_missing_vectors(home.lake, classifier))
    counts = None if embedding_version is None else record_embedding_version(embedding_version)
    return replace(tally.result(version), counts=counts)


def needs_pictures(classifier: Classifier) -> bool:
    """Whether it labels pictures: all do but those that label stored embeddings of another classifier."""
    return isinstance(classifier, EmbeddingClassifier) or not isinstance(classifier, VectorClassifier)


def _label_files(
    home: Home,
    classifier: Classifier,
    pending: Iterator[StoredPicture],
    tally: _Tally,
    writer: LabelWriter,
    decoding: SharedDecoder | None,
) -> None:
    with (
        contextlib.nullcontext(decoding)
        if decoding
        else SharedDecoder(home.picture_files, [classifier.name]) as shared,
        contextlib.closing(shared.join(classifier, pending)) as decoded,
    ):
        batches = _fill_batches(tally.time_from_first(decoded), classifier.batch_size, writer)
        for batch, (labels, embeddings) in _label_batches(classifier, batches):
            writer.add_batch([picture for picture, _ in batch], labels, embeddings)


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


def _embedding_version(classifier: Classifier) -> str | None:
    return classifier.embedding_version if isinstance(classifier, EmbeddingClassifier) else None


def _label_batches(classifier: Classifier, batches: Iterator[Batch]) -> Iterator[tuple[Batch, Results]]:
    """Batches with their labels and embeddings, in their order. The next batch is filled while the model works on one."""
    callers = classifier.callers if isinstance(classifier, ConcurrentClassifier) else 1
    running: deque[tuple[Batch, Future[Results]]] = deque()
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


def _label(classifier: Classifier, batch: Batch) -> Results:
    prepared = [one for _, one in batch]
    with labelling_errors(classifier.name):
        if isinstance(classifier, EmbeddingClassifier) and classifier.embedding_version is not None:
            return classifier.label_and_embed(prepared)
        return classifier.label(prepared), None


class _Tally:
    """What a lane has done. One that `labels_few` gives most pictures no label, which is no failure."""

    def __init__(
        self, lane: str, total: int, progress: Callable[[int, int], None], *, labels_few: bool
    ) -> None:
        self.lane = lane
        self.total = total
        self.done = self.failures = self.missing = self.copies = 0
        self._progress = progress
        self._labels_few = labels_few
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
        failed = [row for row in portion.unlabelled if not (self._labels_few and row.reason == "no_labels")]
        self.failures += len(failed)
        self.missing += portion.missing
        self.copies += portion.copies
        self._throughput.record(time.monotonic(), self.done)
        rate = self._throughput.describe(self.total)
        logger.info(
            "%s: %d of %d pictures labelled%s", self.lane, self.done, self.total, f"; {rate}" if rate else ""
        )
        self._progress(self.done, self.total)

    def result(self, version: str, without_vector: str = "") -> StageResult:
        """The lane's result. `without_vector` describes the pictures whose embedding is missing; empty: there are none."""
        sentences = [without_vector] if without_vector else []
        if self.copies:
            sentences.append(describe_copies(self.copies))
        if self.failures:
            sentences.append(f"{self.failures} pictures got no label; the table unlabelled has the reasons.")
        if self.missing:
            sentences.append(
                f"{self.missing} picture files are missing or damaged; put them back and run again."
            )
        status = "incomplete" if self.missing or without_vector else "done"
        skipped = self.failures + self.missing
        return StageResult(status, self.done - skipped, skipped, " ".join(sentences), version)
