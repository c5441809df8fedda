"""A lane's labels, stored in portions by a thread of its own while the model works."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from classifiers.errors import UnreadablePicture
from classifiers.protocol import Classifier, Label
from tasks.classify.decoding import MissingFile
from tasks.labels import label_row, unlabelled_row
from warehouse.disk_space import require_free_space
from warehouse.home import Home
from warehouse.records.pending import StoredPicture
from warehouse.schema.picture_tables import PictureLabel, Unlabelled

STORE_PICTURES = 1024
STORE_SECONDS = 20.0
"""A portion is stored when it has so many pictures or is so old: after a kill at most that is labelled again."""


@dataclass(slots=True)
class Portion:
    """Rows that are stored at once.

    `missing` counts pictures whose files do not exist or are damaged, `copies` those labelled from smaller copies.
    """

    labels: list[PictureLabel] = field(default_factory=list)
    unlabelled: list[Unlabelled] = field(default_factory=list)
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

    def add_labels(self, picture: StoredPicture, labels: Sequence[Label]) -> None:
        """Add a picture's labels; a picture without any becomes a row that says so."""
        name, version, now = self._classifier.name, self._classifier.version, datetime.now(UTC)
        self._portion.labels += [label_row(picture.sha256, name, version, one, now) for one in labels]
        if not labels:
            self._portion.unlabelled.append(unlabelled_row(picture.sha256, name, version, "no_labels"))
        self._portion.copies += picture.copy_sha256 is not None
        self._count()

    def add_skipped(self, picture: StoredPicture, error: UnreadablePicture | MissingFile) -> None:
        """Add a picture that could not be decoded. One whose file is missing stays pending."""
        if isinstance(error, MissingFile):
            self._portion.missing += 1
        else:
            name, version = self._classifier.name, self._classifier.version
            row = unlabelled_row(picture.sha256, name, version, "unreadable", str(error))
            self._portion.unlabelled.append(row)
        self._count()

    def _count(self) -> None:
        self._portion.pictures += 1
        if self._portion.is_due:
            self._store()

    def _store(self) -> None:
        self._finish_write()  # at most one portion is being written, so that memory stays bounded
        portion, self._portion = self._portion, Portion()
        self._running = portion, self._pool.submit(self._write, portion)

    def _write(self, portion: Portion) -> None:
        require_free_space(self._home.folder)
        self._home.lake.append(portion.labels)
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
