"""Pictures decoded once for all lanes of a run, by threads that work a bounded way ahead of the models.

    when every expected lane has joined or left, one thread feeds them all:
        for each picture of the merged lists, in the order of its hash, with the lanes that need it:
            for each of these lanes that has not left: wait until it has room
            submit the picture to the decoders, which prepare it for all these lanes
            put the picture and its decoding into the queue of each lane
        put the end, or the error that broke a list, into every queue
    each lane, in a thread of its own, until it gets the end:
        take the next picture from its queue, make room for another one, wait for the decoding

A lane that joins later has its pictures decoded for itself. `halt` wakes every thread.
"""

from __future__ import annotations

import hashlib
import heapq
import logging
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from functools import partial
from itertools import groupby, repeat
from pathlib import Path
from typing import Self

from classifiers.cores import cores
from classifiers.errors import UnreadablePicture
from classifiers.pictures import PictureFile
from classifiers.protocol import Classifier, PreparedPicture
from tasks.classify.picture_bytes import read_picture_bytes
from tasks.errors import OutOfTime, RunStopped
from warehouse.records.pending import StoredPicture

logger = logging.getLogger(__name__)

MAX_DECODERS = 32
BATCHES_AHEAD = 2
LIMIT_SECONDS = 24 * 3600.0
"""Lanes that take longer are ended; their labels are stored, and the next run resumes them."""


class MissingFile(Exception):
    """The stored file does not exist or has other bytes than were stored. Put back, it can be labelled."""


Decoded = tuple[StoredPicture, PreparedPicture | UnreadablePicture | MissingFile]
"""A picture with the classifier's input, or with the reason why there is none."""
ReadBytes = Callable[[StoredPicture], bytes]
"""Reads the bytes of a stored picture; raises `OSError`."""
Outcome = PreparedPicture | Exception
"""The same, or an unexpected error, which is raised only in the lane whose classifier caused it."""


def decoders() -> int:
    """How many threads decode: one per core that this process may use."""
    return max(2, min(MAX_DECODERS, cores()))


class _Lane:
    """One classifier's queue. It holds pictures with their decodings, and last an error or None for the end."""

    def __init__(self, classifier: Classifier, pictures: Iterator[StoredPicture]) -> None:
        self.classifier = classifier
        self.pictures = pictures
        self.room = threading.Semaphore(BATCHES_AHEAD * classifier.batch_size + decoders())
        self.queue: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self.has_left = False

    def leave(self) -> None:
        """Take nothing more, and forget what is queued."""
        self.has_left = True
        self.queue = queue.SimpleQueue()
        self.room.release()


_Item = tuple[StoredPicture, "Future[dict[_Lane, Outcome]]"] | Exception | None


class SharedDecoder:
    """The decoders that the lanes of a run share. Each lane joins in a thread of its own.

    Decoding starts when all lanes have joined or left, so that a picture that several lanes need is decoded
    once. No lane has more than `BATCHES_AHEAD` batches and a picture per decoder ahead, so memory does not
    grow with the number of pictures; while one lane has no room, the others wait for it. The `source` is the home
    folder, or a function that reads a picture; `lanes` are the classifiers' names.
    """

    def __init__(self, source: Path | ReadBytes, lanes: Iterable[str]) -> None:
        self._read = partial(read_picture_bytes, source) if isinstance(source, Path) else source
        self._expected = set(lanes)
        self._lanes: dict[str, _Lane] = {}
        self._late: list[SharedDecoder] = []
        self._deadline = time.monotonic() + LIMIT_SECONDS
        self._is_halted = False
        self._lock = threading.Lock()
        self._feeder: threading.Thread | None = None
        self._pool = ThreadPoolExecutor(decoders(), "decode")

    def join(
        self, classifier: Classifier, pictures: Iterator[StoredPicture]
    ) -> Generator[Decoded, None, None]:
        """The lane's pictures, in the order of their hashes, each decoded.

        A lane that joins after the others have started, such as a retried one, has its pictures decoded for
        itself. Raises `RunStopped` after `halt`, `OutOfTime` after a day.
        """
        lane = self._add(classifier, pictures)
        if lane is None:
            with self._for_late_lane(classifier.name) as own:
                yield from own.join(classifier, pictures)
            return
        try:
            while (item := self._next(lane)) is not None:
                picture, decoding = item
                outcome = decoding.result().pop(lane)  # frees it before the slowest lane takes its own
                if isinstance(outcome, Exception) and not isinstance(
                    outcome, UnreadablePicture | MissingFile
                ):
                    raise outcome
                yield picture, outcome
        except CancelledError:
            raise _run_stopped() from None
        finally:
            self.leave(classifier.name)

    def leave(self, name: str) -> None:
        """The lane takes no more pictures, whether it has joined or not."""
        with self._lock:
            self._expected.discard(name)
            if (lane := self._lanes.get(name)) is not None:
                lane.leave()
            self._start_when_complete()

    def halt(self) -> None:
        """Let every lane end soon, because the run is stopped."""
        with self._lock:
            self._is_halted = True
            for lane in self._lanes.values():
                lane.queue.put(None)
                lane.room.release()
            for own in self._late:
                own.halt()

    def raise_if_halted(self) -> None:
        """Raise `RunStopped` after `halt`. Call this before slow work, such as loading a model."""
        if self._is_halted:
            raise _run_stopped()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.halt()  # lanes that are still running
        if self._feeder is not None:
            self._feeder.join()  # it reads the lake
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _for_late_lane(self, name: str) -> SharedDecoder:
        """Decoders for one lane alone, which are halted with these."""
        own = SharedDecoder(self._read, [name])
        with self._lock:
            self._late.append(own)
            if self._is_halted:
                own.halt()
        return own

    def _add(self, classifier: Classifier, pictures: Iterator[StoredPicture]) -> _Lane | None:
        """The lane, or None where it is not expected any more."""
        with self._lock:
            if classifier.name not in self._expected:
                return None
            self._expected.discard(classifier.name)
            lane = self._lanes[classifier.name] = _Lane(classifier, pictures)
            self._start_when_complete()
        return lane

    def _start_when_complete(self) -> None:
        if not (self._expected or self._is_halted) and self._lanes and self._feeder is None:
            lanes = list(self._lanes.values())
            self._feeder = threading.Thread(target=self._feed, args=(lanes,), name="feed", daemon=True)
            self._feeder.start()

    def _next(self, lane: _Lane) -> tuple[StoredPicture, Future[dict[_Lane, Outcome]]] | None:
        if time.monotonic() > self._deadline:
            raise OutOfTime(
                "Labelling ended after its limit of a day; the next run resumes where it stopped."
            )
        self.raise_if_halted()
        item = lane.queue.get()
        self.raise_if_halted()
        if isinstance(item, Exception):
            raise item
        lane.room.release()
        return item

    def _feed(self, lanes: Sequence[_Lane]) -> None:
        end: Exception | None = None
        try:
            for picture, needed_by in _merge(lanes):
                active = [lane for lane in needed_by if not lane.has_left and lane.room.acquire()]
                if self._is_halted or all(lane.has_left for lane in lanes):
                    return
                if not active:
                    continue
                decoding = self._pool.submit(_prepare_for, self._read, active, picture)
                for lane in active:
                    lane.queue.put((picture, decoding))
        except Exception as error:  # noqa: BLE001 - the lists of all lanes end here; every lane raises it
            end = error
        for lane in lanes:
            lane.queue.put(end)


def _run_stopped() -> RunStopped:
    return RunStopped("The run was stopped; the next one resumes with the pictures that have no labels yet.")


def _merge(lanes: Sequence[_Lane]) -> Iterator[tuple[StoredPicture, list[_Lane]]]:
    """The pictures of all lanes in the order of their hashes, each once, with the lanes that need it."""
    merged = heapq.merge(*(zip(lane.pictures, repeat(lane), strict=False) for lane in lanes), key=_hash)
    for _, group in groupby(merged, key=_hash):
        pairs = list(group)
        yield pairs[0][0], [lane for _, lane in pairs]


def _hash(pair: tuple[StoredPicture, _Lane]) -> str:
    return pair[0].sha256


def _prepare_for(read: ReadBytes, lanes: Sequence[_Lane], picture: StoredPicture) -> dict[_Lane, Outcome]:
    file = PictureFile(partial(read, picture))
    return {lane: _prepare(lane.classifier, file, read, picture) for lane in lanes}


def _prepare(classifier: Classifier, file: PictureFile, read: ReadBytes, picture: StoredPicture) -> Outcome:
    try:
        return classifier.prepare(file)
    except UnreadablePicture as error:
        if _has_stored_bytes(read, picture):
            # A new exception: the traceback of the raised one holds the file and the decoded pixels.
            return UnreadablePicture(str(error))
        logger.warning("The stored picture %s is damaged: %s", picture.path, error)
    except OSError as error:
        logger.warning("The stored picture %s can't be opened: %s", picture.path, error)
    except Exception as error:  # noqa: BLE001 - the lane of this classifier raises it
        return error
    return MissingFile(picture.path)


def _has_stored_bytes(read: ReadBytes, picture: StoredPicture) -> bool:
    try:
        return hashlib.sha256(read(picture)).hexdigest() == (picture.copy_sha256 or picture.sha256)
    except OSError:
        return False
