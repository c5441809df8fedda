"""The stage classify for one classifier: decode in threads, label in batches, store as it goes."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from classifiers.errors import UnreadablePicture
from classifiers.protocol import Classifier, Prepared
from tasks.labels import label_row
from warehouse.home import Home
from warehouse.runs import Ended
from warehouse.space import need_room
from warehouse.tables import PictureLabel, Unlabelled
from warehouse.waiting import StoredPicture, count_to_label, to_label

logger = logging.getLogger(__name__)

STORE_PICTURES = 256
"""Pictures whose labels are stored at once; a killed run labels at most this many again."""
DECODERS = 2


def label_pictures(home: Home, classifier: Classifier, progress: Callable[[int, int], None]) -> Ended:
    """Label what this version of the classifier was not asked about; `progress` hears done and total.

    A picture that can't be decoded costs itself alone: a row in `unlabelled` says why. One whose file is
    missing, or no longer has the bytes that were stored, is told and asked for again in the next run.
    """
    total = count_to_label(home.lake, classifier.name, classifier.version)
    done = failures = missing = 0
    with ThreadPoolExecutor(DECODERS, thread_name_prefix="decode") as decoders:
        for pictures in to_label(home.lake, classifier.name, classifier.version, STORE_PICTURES):
            need_room(home.folder)
            batch = _Batch(home, classifier)
            batch.label(_decoded(home, classifier, pictures, decoders))
            home.lake.append(batch.labels)
            home.lake.append(batch.unlabelled)
            done += len(pictures)
            failures += len(batch.unlabelled)
            missing += len(batch.missing)
            logger.info("%s: %d of %d pictures labelled", classifier.name, done, total)
            progress(done, total)
    return _ended(done, failures, missing, classifier.version)


class _Batch:
    """Labels of the pictures that are stored at once."""

    def __init__(self, home: Home, classifier: Classifier) -> None:
        self.home = home
        self.classifier = classifier
        self.labels: list[PictureLabel] = []
        self.unlabelled: list[Unlabelled] = []
        self.missing: list[StoredPicture] = []
        self._waiting: list[tuple[StoredPicture, Prepared]] = []

    def label(self, decoded: Iterator[tuple[StoredPicture, Future[Prepared]]]) -> None:
        """Label the pictures as they are decoded, in full batches."""
        for picture, decoding in decoded:
            try:
                self._waiting.append((picture, decoding.result()))
            except UnreadablePicture as error:
                if _is_as_stored(self.home.folder / picture.path, picture.sha256):
                    self._leave_out(picture, "unreadable", str(error)[:300])
                else:
                    logger.warning("The stored picture %s is damaged: %s", picture.path, error)
                    self.missing.append(picture)
            except OSError as error:
                logger.warning("The stored picture %s can't be opened: %s", picture.path, error)
                self.missing.append(picture)
            if len(self._waiting) == self.classifier.batch_size:
                self._flush()
        self._flush()

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        now = datetime.now(UTC)
        answers = self.classifier.label([prepared for _, prepared in waiting])
        for (picture, _), found in zip(waiting, answers, strict=True):
            self.labels += [
                label_row(picture.sha256, self.classifier.name, self.classifier.version, label, now)
                for label in found
            ]
            if not found:
                self._leave_out(picture, "no_labels", None)

    def _leave_out(self, picture: StoredPicture, reason: str, message: str | None) -> None:
        row = Unlabelled(
            sha256=picture.sha256,
            classifier=self.classifier.name,
            version=self.classifier.version,
            reason=reason,
            message=message,
            attempted_at=datetime.now(UTC),
        )
        self.unlabelled.append(row)


def _is_as_stored(file: Path, sha256: str) -> bool:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest() == sha256
    except OSError:
        return False


def _ended(done: int, failures: int, missing: int, version: str) -> Ended:
    told = [f"{failures} pictures got no label; the table unlabelled says why."] if failures else []
    if missing:
        told.append(
            f"{missing} picture files are missing or damaged; put them back, and the next run labels them."
        )
    status = "incomplete" if missing else "done"
    return Ended(status, done - failures - missing, failures + missing, " ".join(told), version)


def _decoded(
    home: Home, classifier: Classifier, pictures: Sequence[StoredPicture], decoders: ThreadPoolExecutor
) -> Iterator[tuple[StoredPicture, Future[Prepared]]]:
    """Pictures with their decoding under way, two batches ahead of the model at the most."""
    ahead = 2 * classifier.batch_size
    remaining = iter(pictures)

    def begin(count: int) -> list[tuple[StoredPicture, Future[Prepared]]]:
        chosen = islice(remaining, count)
        return [(one, decoders.submit(classifier.prepare, home.folder / one.path)) for one in chosen]

    running = begin(ahead)
    while running:
        yield running.pop(0)
        running += begin(1)
