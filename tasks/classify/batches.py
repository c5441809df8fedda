"""Decoded pictures in full batches, and the model that works on one while the next is filled."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import UnreadablePicture
from classifiers.protocol import Classifier, ConcurrentClassifier, EmbeddingClassifier, Label
from tasks.classify.decoding import Decoded, MissingFile
from tasks.classify.vectors import labelling_errors
from warehouse.records.pending import StoredPicture

Batch = list[tuple[StoredPicture, Any]]
Results = tuple[list[list[Label]], NDArray[np.float16] | None]
"""The labels of a batch, and its embeddings where the classifier stores them."""
Skip = Callable[[StoredPicture, UnreadablePicture | MissingFile], None]


def fill_batches(pictures: Iterator[Decoded], size: int, skip: Skip) -> Iterator[Batch]:
    """Full batches of the decoded pictures; the others go to `skip` at once."""
    batch: Batch = []
    for picture, prepared in pictures:
        if isinstance(prepared, UnreadablePicture | MissingFile):
            skip(picture, prepared)
            continue
        batch.append((picture, prepared))
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def label_batches(
    classifier: Classifier, batches: Iterator[Batch], gate: AbstractContextManager[Any] | None = None
) -> Iterator[tuple[Batch, Results]]:
    """Batches with their labels and embeddings, in their order. The next batch is filled while the model works on one.

    Callers in other threads that use the same model share a `gate`, which lets as many in as the model allows.
    """
    callers = count_callers(classifier)
    running: deque[tuple[Batch, Future[Results]]] = deque()
    with ThreadPoolExecutor(callers, "model") as model:
        try:
            for batch in batches:
                running.append((batch, model.submit(_label, classifier, batch, gate or nullcontext())))
                if len(running) > callers:
                    oldest, results = running.popleft()
                    yield oldest, results.result()
            while running:
                oldest, results = running.popleft()
                yield oldest, results.result()
        finally:
            model.shutdown(wait=True, cancel_futures=True)


def count_callers(classifier: Classifier) -> int:
    """How many threads may call the model at once."""
    return classifier.callers if isinstance(classifier, ConcurrentClassifier) else 1


def _label(classifier: Classifier, batch: Batch, gate: AbstractContextManager[Any]) -> Results:
    prepared = [one for _, one in batch]
    with gate, labelling_errors(classifier.name):
        if isinstance(classifier, EmbeddingClassifier) and classifier.embedding_version is not None:
            return classifier.label_and_embed(prepared)
        return classifier.label(prepared), None
