"""What a lane found out, stored portion by portion by a thread of its own while the model goes on."""

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
from tasks.classify.decoding import Missing
from tasks.labels import label_row
from warehouse.disk_space import need_room
from warehouse.home import Home
from warehouse.pending import StoredPicture
from warehouse.tables import PictureLabel, Unlabelled

STORE_PICTURES = 1024
STORE_SECONDS = 20.0
"""A portion is stored when it has so many pictures, or is so old: a killed run labels at most that again."""


@dataclass(slots=True)
class Portion:
    """Labels that are stored at once; `missing` are pictures whose files were not there."""

    labels: list[PictureLabel] = field(default_factory=list)
    unlabelled: list[Unlabelled] = field(default_factory=list)
    pictures: int = 0
    missing: int = 0
    begun: float = field(default_factory=time.monotonic)

    @property
    def is_due(self) -> bool:
        """Whether it is time to store it."""
        return self.pictures >= STORE_PICTURES or (
            self.pictures > 0 and time.monotonic() - self.begun > STORE_SECONDS
        )


class Storing:
    """Collects a lane's answers and stores them; `stored` hears of each portion, from the caller's thread.

    Leaving the block stores what is left, also where the lane broke down: what was labelled counts.
    """

    def __init__(self, home: Home, classifier: Classifier, stored: Callable[[Portion], None]) -> None:
        self._home = home
        self._classifier = classifier
        self._stored = stored
        self._portion = Portion()
        self._pool = ThreadPoolExecutor(1, "store")
        self._running: tuple[Portion, Future[None]] | None = None

    def labelled(self, picture: StoredPicture, labels: Sequence[Label]) -> None:
        """Take a picture's labels; without any, a row says so."""
        name, version, now = self._classifier.name, self._classifier.version, datetime.now(UTC)
        self._portion.labels += [label_row(picture.sha256, name, version, one, now) for one in labels]
        if not labels:
            self._leave_out(picture, "no_labels", None)
        self._count()

    def left_out(self, picture: StoredPicture, why: UnreadablePicture | Missing) -> None:
        """Take a picture that could not be decoded. One whose file is missing is asked for again."""
        if isinstance(why, Missing):
            self._portion.missing += 1
        else:
            self._leave_out(picture, "unreadable", str(why)[:300])
        self._count()

    def _count(self) -> None:
        self._portion.pictures += 1
        if self._portion.is_due:
            self._store()

    def _leave_out(self, picture: StoredPicture, reason: str, message: str | None) -> None:
        row = Unlabelled(
            sha256=picture.sha256,
            classifier=self._classifier.name,
            version=self._classifier.version,
            reason=reason,
            message=message,
            attempted_at=datetime.now(UTC),
        )
        self._portion.unlabelled.append(row)

    def _store(self) -> None:
        self._settle()  # one portion waits at the most, so that memory stays bounded
        portion, self._portion = self._portion, Portion()
        self._running = portion, self._pool.submit(self._write, portion)

    def _write(self, portion: Portion) -> None:
        need_room(self._home.folder)
        self._home.lake.append(portion.labels)
        self._home.lake.append(portion.unlabelled)

    def _settle(self) -> None:
        if self._running is not None:
            (portion, writing), self._running = self._running, None
            writing.result()
            self._stored(portion)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._pool:
            self._settle()
            # An interrupt must not wait for more than what is being written.
            if self._portion.pictures and (error is None or isinstance(error, Exception)):
                self._store()
                self._settle()
