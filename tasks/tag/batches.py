"""Pictures read, decoded once and filled into batches, in a thread beside the one that sends them."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from classifiers.clarifai.payload import Payload, payload
from classifiers.errors import PictureTooLarge, UnreadablePicture
from tasks.tag.lane import Lane
from warehouse.charges import Model, WaitingPicture, to_send
from warehouse.home import Home
from warehouse.tables import Unlabelled

logger = logging.getLogger(__name__)

REQUEST_BYTES = 127_000_000
"""Clarifai takes requests under 128 MB in all; the rest is for what stands around the pictures."""
_AROUND_PICTURE = 64
READ_PICTURES = 512
AHEAD = 64
"""Pictures that are being decoded ahead of the batch."""
DECODERS = 2
MAX_READY = 16
READY_BYTES = 128_000_000
"""Batches that are ready weigh no more than this, unless there is only one."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A picture that can be sent."""

    sha256: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures for one request to one model; `tries` counts requests with them that brought no answer."""

    model: Model
    pictures: tuple[Ready, ...]
    tries: int = 0

    @property
    def bytes(self) -> int:
        """What the pictures weigh."""
        return sum(len(one.payload.data) for one in self.pictures)


@dataclass
class _Open:
    """A batch that is being filled."""

    pictures: list[Ready] = field(default_factory=list)
    bytes: int = 0


class Batches:
    """Full batches of what waits, a few ready at a time, so that memory does not grow with what waits.

    `wake` is called, from another thread, when there is a batch to get or the end is reached.
    """

    def __init__(self, home: Home, lane: Lane, wake: Callable[[], None]) -> None:
        self._home = home
        self._lane = lane
        self._wake = wake
        self._full: deque[Batch] = deque()
        self._changed = threading.Condition()
        self._stopped = False
        self._ended = False
        self._error: BaseException | None = None
        self.unfit = 0
        self.missing = 0
        self._thread = threading.Thread(target=self._work, name="fill", daemon=True)
        self._thread.start()

    def get(self) -> Batch | None:
        """A batch, or None when none is ready now. Raises what went wrong while pictures were read."""
        with self._changed:
            self._changed.notify_all()
            if self._full:
                return self._full.popleft()
        if self._error is not None:
            raise self._error
        return None

    @property
    def exhausted(self) -> bool:
        """Whether there is no batch any more."""
        with self._changed:
            return self._ended and not self._full and self._error is None

    def stop(self) -> None:
        """Read no more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join()

    def _work(self) -> None:
        try:
            self._fill()
        except BaseException as error:  # noqa: BLE001 - it is raised again by `get`, in the thread that sends
            self._error = error
        finally:
            with self._changed:
                self._ended = True
            self._wake()

    def _fill(self) -> None:
        lane = self._lane
        opened = {model: _Open() for model in lane.models}
        with ThreadPoolExecutor(DECODERS, thread_name_prefix="decode") as decoders:
            for pictures in to_send(self._home.lake, lane.name, lane.version, lane.models, READ_PICTURES):
                unfit: list[Unlabelled] = []
                for picture, decoding in self._decoded(pictures, decoders):
                    if self._stopped:
                        return
                    if (ready := self._ready(picture, decoding, unfit)) is not None:
                        for model in picture.wanted_by:
                            self._add(opened, model, ready)
                self._home.lake.append(unfit)
                self.unfit += len(unfit)
            for model in opened:
                self._hand_over(opened, model)

    def _add(self, opened: dict[Model, _Open], model: Model, ready: Ready) -> None:
        weight = len(ready.payload.data) + _AROUND_PICTURE
        if opened[model].bytes + weight > REQUEST_BYTES:
            self._hand_over(opened, model)
        opened[model].pictures.append(ready)
        opened[model].bytes += weight
        if len(opened[model].pictures) == self._lane.options.batch:
            self._hand_over(opened, model)

    def _hand_over(self, opened: dict[Model, _Open], model: Model) -> None:
        full, opened[model] = opened[model], _Open()
        if not full.pictures:
            return
        batch = Batch(model, tuple(full.pictures))
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._has_room(batch))
            self._full.append(batch)
        self._wake()

    def _has_room(self, batch: Batch) -> bool:
        weight = sum(one.bytes for one in self._full)
        return len(self._full) < MAX_READY and (not weight or weight + batch.bytes <= READY_BYTES)

    def _ready(
        self, picture: WaitingPicture, decoding: Future[Payload], unfit: list[Unlabelled]
    ) -> Ready | None:
        try:
            return Ready(picture.sha256, decoding.result())
        except UnreadablePicture as error:
            reason = "too_large" if isinstance(error, PictureTooLarge) else "unreadable"
            unfit.append(
                Unlabelled(
                    sha256=picture.sha256,
                    classifier=self._lane.name,
                    version=self._lane.version,
                    reason=reason,
                    message=str(error)[:300],
                    attempted_at=datetime.now(UTC),
                )
            )
        except OSError as error:
            logger.warning("The stored picture %s can't be used: %s", picture.path, error)
            self.missing += 1
        return None

    def _decoded(
        self, pictures: Sequence[WaitingPicture], decoders: ThreadPoolExecutor
    ) -> Iterator[tuple[WaitingPicture, Future[Payload]]]:
        """Pictures with their decoding under way, some ahead."""
        remaining = iter(pictures)
        options = self._lane.options

        def begin(count: int) -> list[tuple[WaitingPicture, Future[Payload]]]:
            return [
                (
                    one,
                    decoders.submit(
                        payload,
                        self._home.folder / one.path,
                        one.sha256,
                        options.longest_side,
                        upright=options.upright,
                    ),
                )
                for one in islice(remaining, count)
            ]

        running = begin(AHEAD)
        while running:
            yield running.pop(0)
            running += begin(1)
