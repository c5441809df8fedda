"""The stage classify for one classifier: stored embeddings first; then decoding, model and storing, which overlap."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

from classifiers.protocol import (
    Classifier,
    EmbeddingClassifier,
    GroupedClassifier,
    VectorClassifier,
)
from tasks.classify.batches import fill_batches, label_batches
from tasks.classify.decoding import Decoded, SharedDecoder
from tasks.classify.on_cluster.lane import LaneWorkers, label_on_cluster
from tasks.classify.storing import LabelWriter, Portion
from tasks.classify.throughput import Throughput
from tasks.classify.vectors import describe_missing_vectors, label_stored_vectors
from tasks.labels import describe_copies
from warehouse.embeddings.pending import count_to_process, pictures_to_process
from warehouse.embeddings.themes import record_embedding_version
from warehouse.home import Home
from warehouse.records.pending import StoredPicture
from warehouse.records.runs import StageResult
from warehouse.schema.picture_tables import LabelGroup

logger = logging.getLogger(__name__)

READ_PICTURES = 10_000


def label_pictures(
    home: Home,
    classifier: Classifier,
    progress: Callable[[int, int], None],
    decoding: SharedDecoder | None = None,
    workers: LaneWorkers | None = None,
    *,
    compare_all: bool = False,
) -> StageResult:
    """Label what this version of the classifier has not labelled. `progress` gets done and total.

    A classifier that labels stored embeddings gets these first. The other pictures, and those whose embedding the
    classifier has to store, are decoded.

    Without embeddings, pictures from before the lane's last complete run are skipped, unless `compare_all` (see
    `count_to_label`).
    Lanes can share a `decoding`; without one, the pictures are decoded for this lane alone. With `workers` those of a
    cluster decode and label them; stored embeddings are labelled here.

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
            pending = chain.from_iterable(batches)
            if workers is None:
                _label_files(home, classifier, pending, tally, writer, decoding)
            else:
                label_on_cluster(home, classifier, pending, writer, workers)
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
        else SharedDecoder(home.folder, [classifier.name]) as shared,
        contextlib.closing(shared.join(classifier, pending)) as decoded,
    ):
        batches = fill_batches(tally.time_from_first(decoded), classifier.batch_size, writer.add_skipped)
        for batch, (labels, embeddings) in label_batches(classifier, batches):
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


def _embedding_version(classifier: Classifier) -> str | None:
    return classifier.embedding_version if isinstance(classifier, EmbeddingClassifier) else None


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
