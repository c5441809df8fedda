"""Pictures decoded once for all lanes of a run, in threads of their own, a bounded way ahead of the models."""

from __future__ import annotations

import hashlib
import heapq
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from itertools import groupby, repeat
from pathlib import Path
from typing import Self

from classifiers.cores import cores
from classifiers.errors import UnreadablePicture
from classifiers.pictures import PictureFile
from classifiers.protocol import Classifier, Prepared
from tasks.errors import OutOfTime, RunStopped
from warehouse.pending import StoredPicture

logger = logging.getLogger(__name__)

MAX_DECODERS = 32
BATCHES_AHEAD = 2
LIMIT_SECONDS = 24 * 3600.0
"""Lanes that take longer are ended; what they labelled is kept, and the next run goes on."""


class Missing(Exception):
    """The stored file is not there, or is no longer what was stored; put back, it can be labelled."""


Decoded = tuple[StoredPicture, Prepared | UnreadablePicture | Missing]
"""A picture with what the classifier takes, or with why there is none."""
Outcome = Prepared | Exception
"""The same, or an error that nobody expects: it is raised in the lane whose classifier made it, and no other."""


def decoders() -> int:
    """How many threads decode: one a core that this process may use."""
    return max(2, min(MAX_DECODERS, cores()))


class _Lane:
    """One classifier's pictures on their way: those that are decoded, or being decoded, and not taken yet."""

    def __init__(self, classifier: Classifier, pictures: Iterator[StoredPicture]) -> None:
        self.classifier = classifier
        self.pictures = pictures
        self.most = BATCHES_AHEAD * classifier.batch_size + decoders()
        self.ready: deque[tuple[StoredPicture, Future[dict[_Lane, Outcome]]]] = deque()
        self.left = False

    @property
    def is_full(self) -> bool:
        """Whether it has as much ahead as it may have."""
        return len(self.ready) >= self.most


class Decoding:
    """What the lanes of a run share. Each joins it in a thread of its own, and takes its pictures in its order.

    It begins when all lanes have joined or left, so that a picture that several wait for is decoded once. No
    lane holds more than `BATCHES_AHEAD` batches and a picture a decoder, so memory does not grow with the number
    of pictures; where one is full, the others wait for it. `folder` is the home folder, `lanes` are the
    classifiers' names.
    """

    def __init__(self, folder: Path, lanes: Iterable[str]) -> None:
        self._folder = folder
        self._expected = set(lanes)
        self._lanes: dict[str, _Lane] = {}
        self._late: list[Decoding] = []
        self._merged: Iterator[_Wanted] | None = None
        self._next: _Wanted | None = None
        self._until = time.monotonic() + LIMIT_SECONDS
        self._is_done = False
        self._broken: Exception | None = None
        self._is_halted = False
        self._changed = threading.Condition()
        self._pool = ThreadPoolExecutor(decoders(), "decode")

    def join(
        self, classifier: Classifier, pictures: Iterator[StoredPicture]
    ) -> Generator[Decoded, None, None]:
        """The lane's pictures, which come ordered by their hash, each decoded.

        A lane that comes when the others have begun, as one that is tried again, has its pictures decoded for
        itself. Raises `RunStopped` after `halt`, `OutOfTime` after a day.
        """
        if not self._has_joined(lane := _Lane(classifier, pictures)):
            with self._for_late(classifier.name) as own:
                yield from own.join(classifier, pictures)
            return
        try:
            while (found := self._take(lane)) is not None:
                picture, decoding = found
                outcome = decoding.result().pop(lane)  # so that it is not held until the slowest lane is here
                if isinstance(outcome, Exception) and not isinstance(outcome, UnreadablePicture | Missing):
                    raise outcome
                yield picture, outcome
        except CancelledError:
            raise _stopped() from None
        finally:
            self.leave(classifier.name)

    def leave(self, name: str) -> None:
        """The lane, whether it had joined or not, takes no more."""
        with self._changed:
            self._expected.discard(name)
            if (lane := self._lanes.get(name)) is not None:
                lane.left = True
                lane.ready.clear()
            self._changed.notify_all()

    def halt(self) -> None:
        """Let every lane end soon, because the run is stopped."""
        with self._changed:
            self._is_halted = True
            self._changed.notify_all()
            for own in self._late:
                own.halt()

    def go_on(self) -> None:
        """Raise `RunStopped` after `halt`: for what takes seconds before a lane joins."""
        if self._is_halted:
            raise _stopped()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.halt()  # whoever is still there
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _for_late(self, name: str) -> Decoding:
        """A decoding for one lane alone, which is halted with this one."""
        own = Decoding(self._folder, [name])
        with self._changed:
            self._late.append(own)
            if self._is_halted:
                own.halt()
        return own

    def _has_joined(self, lane: _Lane) -> bool:
        name = lane.classifier.name
        with self._changed:
            if name not in self._expected:
                return False
            self._lanes[name] = lane
            self._expected.discard(name)
            self._changed.notify_all()
            self._wait_until(lambda: not self._expected)
            if self._merged is None:
                self._merged = _merged(list(self._lanes.values()))
        return True

    def _take(self, lane: _Lane) -> tuple[StoredPicture, Future[dict[_Lane, Outcome]]] | None:
        if time.monotonic() > self._until:
            raise OutOfTime("Labelling took a whole day and was ended; the next run goes on where it was.")
        with self._changed:
            # Whoever wants a picture decides what is decoded next, as far as the others have room for it.
            self._wait_until(lambda: self._fill(lane) or bool(lane.ready))
            found = lane.ready.popleft() if lane.ready else None
            self._changed.notify_all()
        return found

    def _wait_until(self, fits: Callable[[], bool]) -> None:
        while True:
            self.go_on()
            if self._broken is not None:
                raise self._broken
            if fits():
                return
            self._changed.wait()

    def _read(self) -> _Wanted | None:
        assert self._merged is not None
        try:
            return next(self._merged, None)
        except Exception as error:
            # The lists of all lanes end here, and none of them may take that for its end.
            self._broken = error
            self._changed.notify_all()
            raise

    def _fill(self, lane: _Lane) -> bool:
        """Begin to decode until the lane is full, or another is; returns whether there are no more pictures."""
        while not self._is_done and not lane.is_full:
            if self._next is None:
                self._next = self._read()
                self._is_done = self._next is None
                continue
            picture, lanes = self._next
            lanes = [one for one in lanes if not one.left]
            if any(one.is_full for one in lanes):
                break
            if lanes:
                decoding = self._pool.submit(_prepared, self._folder, lanes, picture)
                for one in lanes:
                    one.ready.append((picture, decoding))
            self._next = None
        return self._is_done


_Wanted = tuple[StoredPicture, list[_Lane]]
"""A picture, and the lanes that wait for it."""


def _stopped() -> RunStopped:
    return RunStopped("The run was stopped; the next one goes on with the pictures that have no labels yet.")


def _merged(lanes: Sequence[_Lane]) -> Iterator[_Wanted]:
    """The pictures of all lanes in the order of their hashes, each once, with the lanes that wait for it."""
    merged = heapq.merge(*(zip(lane.pictures, repeat(lane), strict=False) for lane in lanes), key=_hash)
    for _, same in groupby(merged, key=_hash):
        wanted = list(same)
        yield wanted[0][0], [lane for _, lane in wanted]


def _hash(wanted: tuple[StoredPicture, _Lane]) -> str:
    return wanted[0].sha256


def _prepared(folder: Path, lanes: Sequence[_Lane], picture: StoredPicture) -> dict[_Lane, Outcome]:
    file = PictureFile(folder / picture.path)
    return {lane: _outcome(lane.classifier, file, folder, picture) for lane in lanes}


def _outcome(classifier: Classifier, file: PictureFile, folder: Path, picture: StoredPicture) -> Outcome:
    try:
        return classifier.prepare(file)
    except UnreadablePicture as error:
        if _is_as_stored(folder / picture.path, picture.sha256):
            # Made anew: where it was raised, its traceback holds the file and the decoded pixels.
            return UnreadablePicture(str(error))
        logger.warning("The stored picture %s is damaged: %s", picture.path, error)
    except OSError as error:
        logger.warning("The stored picture %s can't be opened: %s", picture.path, error)
    except Exception as error:  # noqa: BLE001 - it is raised again, where it belongs
        return error
    return Missing(picture.path)


def _is_as_stored(file: Path, sha256: str) -> bool:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest() == sha256
    except OSError:
        return False
