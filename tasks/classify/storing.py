"""A lane's labels and embeddings, stored in portions by a thread of its own while the model works."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import UnreadablePicture
from classifiers.protocol import Classifier, EmbeddingClassifier, Label
from tasks.classify.decoding import MissingFile
from tasks.labels import LabelledPicture, append_labels, unlabelled_row
from warehouse.disk_space import require_free_space
from warehouse.embeddings.vectors import append_embeddings
from warehouse.home import Home
from warehouse.records.pending import StoredPicture
from warehouse.schema.picture_tables import Unlabelled

STORE_PICTURES = 1024
STORE_SECONDS = 20.0
"""A portion is stored when it has so many pictures or is so old: after a kill at most that is labelled again."""


@dataclass(slots=True)
class Portion:
    """Rows that are stored at once.

    `embeddings` are those of the hashes in `embedded`, as one array for each batch of the model.
    `missing` counts pictures whose files do not exist or are damaged, `copies` those labelled from smaller copies.
    """

    labelled: list[LabelledPicture] = field(default_factory=list)
    unlabelled: list[Unlabelled] = field(default_factory=list)
    embedded: list[str] = field(default_factory=list)
    embeddings: list[NDArray[np.float16]] = field(default_factory=list)
    pictures: int = 0
    missing: int = 0
    copies: int = 0
    started: float = field(default_factory=time.monotonic)

    @property
    def is_due(self) -> bool:
        """Whether it is time to store it."""
        return self.pictures >= STORE_PICTURES or (
            self.pictures > 0 and time.monotonic() - self.started > STORE_SECONDS
        )


class LabelWriter:
    """Collects a lane's labels and stores them. `on_stored` gets each stored portion, in the caller's thread.

    The end of the block stores the rest, also after an error of the lane: what is labelled counts.
    """

    def __init__(self, home: Home, classifier: Classifier, on_stored: Callable[[Portion], None]) -> None:
        self._home = home
        self._classifier = classifier
        self._on_stored = on_stored
        self._portion = Portion()
        self._pool = ThreadPoolExecutor(1, "store")
        self._running: tuple[Portion, Future[None]] | None = None

    def add_batch(
        self,
        pictures: Sequence[StoredPicture],
        labels: Sequence[Sequence[Label]],
        embeddings: NDArray[np.float16] | None = None,
    ) -> None:
        """Add the labels of a batch, and its embeddings, shape (pictures, dimensions), where it has some."""
        if embeddings is not None:
            self._portion.embedded += [picture.sha256 for picture in pictures]
            self._portion.embeddings.append(embeddings)
        for picture, found in zip(pictures, labels, strict=True):
            self._add_labels(picture, found)
        self._store_if_due()

    def _add_labels(self, picture: StoredPicture, labels: Sequence[Label]) -> None:
        """Add a picture's labels; a picture without any becomes a row that says so."""
        name, version, now = self._classifier.name, self._classifier.version, datetime.now(UTC)
        if labels:
            self._portion.labelled.append(LabelledPicture(picture.sha256, name, version, labels, now))
        else:
            self._portion.unlabelled.append(unlabelled_row(picture.sha256, name, version, "no_labels"))
        self._portion.copies += picture.copy_sha256 is not None
        self._portion.pictures += 1

    def add_skipped(self, picture: StoredPicture, error: UnreadablePicture | MissingFile) -> None:
        """Add a picture that could not be decoded. One whose file is missing stays pending."""
        if isinstance(error, MissingFile):
            self._portion.missing += 1
            self._portion.pictures += 1
            self._store_if_due()
        else:
            self.add_unreadable(picture.sha256, str(error))

    def add_unreadable(self, sha256: str, message: str | None) -> None:
        """Add a picture that nobody can decode, with the decoder's message."""
        self._add_unlabelled(sha256, "unreadable", message)

    def add_deadly(self, sha256: str, message: str) -> None:
        """Add a picture whose work killed several workers, alone."""
        self._add_unlabelled(sha256, "killed_workers", message)

    def _add_unlabelled(self, sha256: str, reason: str, message: str | None) -> None:
        name, version = self._classifier.name, self._classifier.version
        self._portion.unlabelled.append(unlabelled_row(sha256, name, version, reason, message))
        self._portion.pictures += 1
        self._store_if_due()

    def flush(self) -> None:
        """Store what is collected, so that a query finds it."""
        if self._portion.pictures:
            self._store()
        self._finish_write()

    def _store_if_due(self) -> None:
        if self._portion.is_due:
            self._store()

    def _store(self) -> None:
        self._finish_write()  # at most one portion is being written, so that memory stays bounded
        portion, self._portion = self._portion, Portion()
        self._running = portion, self._pool.submit(self._write, portion)

    def _write(self, portion: Portion) -> None:
        require_free_space(self._home.folder)
        # Before the labels: after a kill between the two, the picture has no labels and its lane repeats it.
        if isinstance(self._classifier, EmbeddingClassifier) and portion.embeddings:
            version = self._classifier.embedding_version or ""
            vectors = np.concatenate(portion.embeddings)
            append_embeddings(self._home.lake, self._classifier.name, version, portion.embedded, vectors)
        append_labels(self._home.lake, portion.labelled)
        self._home.lake.append(portion.unlabelled)

    def _finish_write(self) -> None:
        if self._running is not None:
            (portion, writing), self._running = self._running, None
            writing.result()
            self._on_stored(portion)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._pool:
            self._finish_write()
            # After an interrupt only the write in progress ends.
            if self._portion.pictures and (error is None or isinstance(error, Exception)):
                self._store()
                self._finish_write()
