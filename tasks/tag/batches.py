"""Pictures read, decoded once and grouped into batches, in a thread beside the one that sends them."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from classifiers.errors import PictureTooLarge, UnreadablePicture
from classifiers.remote.payload import Payload
from tasks.labels import unlabelled_row
from tasks.tag.lane import Lane
from warehouse.home import Home
from warehouse.records.charges import Model, PictureToSend, pictures_to_send
from warehouse.schema.picture_tables import Unlabelled

logger = logging.getLogger(__name__)

MAX_REQUEST_BYTES = 127_000_000
"""Clarifai accepts requests under 128 MB; the difference is for the fields around the pictures."""
_PICTURE_OVERHEAD_BYTES = 64
READ_PICTURES = 512
MAX_DECODING = 64
"""Pictures that are decoded ahead of the batch."""
DECODERS = 2
MAX_READY = 16
"""Batches that are ready, or twice those in flight if these are more."""
MAX_READY_BYTES = 128_000_000
"""Ready batches hold no more than this together, unless there is only one. A plain queue limits only a count."""


@dataclass(frozen=True, slots=True)
class PreparedPicture:
    """A picture that can be sent."""

    sha256: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures for one request to one model.

    `tries` counts requests with them that got no response, `unusable` those whose response can't be used.
    """

    model: Model
    pictures: tuple[PreparedPicture, ...]
    tries: int = 0
    unusable: int = 0

    @property
    def bytes(self) -> int:
        """The size of the pictures."""
        return sum(len(one.payload.data) for one in self.pictures)


class Batches:
    """Full batches of pending pictures. Only a few are ready at a time, so that memory stays bounded.

    `wake` is called, from another thread, when a batch is ready or there are no more.
    """

    def __init__(self, home: Home, lane: Lane, wake: Callable[[], None]) -> None:
        self._home = home
        self._lane = lane
        self._wake = wake
        self._ready: deque[Batch] = deque()
        self._changed = threading.Condition()
        self._is_stopped = False
        self._is_finished = False
        self._error: BaseException | None = None
        self.missing = self.copies = 0
        self._thread = threading.Thread(target=self._run, name="fill", daemon=True)
        self._thread.start()

    def get(self) -> Batch | None:
        """A batch, or None when none is ready now. Raises an error of the thread that reads the pictures."""
        with self._changed:
            self._changed.notify_all()
            if self._ready:
                return self._ready.popleft()
        if self._error is not None:
            raise self._error
        return None

    @property
    def is_exhausted(self) -> bool:
        """Whether no batch is left."""
        with self._changed:
            return self._is_finished and not self._ready and self._error is None

    def stop(self) -> None:
        """Read no more pictures."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._fill()
        except BaseException as error:  # noqa: BLE001 - `get` raises it in the thread that sends
            self._error = error
        finally:
            with self._changed:
                self._is_finished = True
            self._wake()

    def _fill(self) -> None:
        lane = self._lane
        partial: dict[Model, list[PreparedPicture]] = {model: [] for model in lane.models}
        with ThreadPoolExecutor(DECODERS, thread_name_prefix="decode") as decoders:
            for pictures in pictures_to_send(
                self._home.lake, lane.name, lane.version, lane.models, READ_PICTURES
            ):
                rejected: list[Unlabelled] = []
                for picture, decoding in self._decode_ahead(pictures, decoders):
                    if self._is_stopped:
                        return
                    if (prepared := self._prepare(picture, decoding, rejected)) is not None:
                        for model in picture.wanted_by:
                            self._add(partial, model, prepared)
                self._home.lake.append(rejected)
            for model in partial:
                self._flush(partial, model)

    def _add(
        self, partial: dict[Model, list[PreparedPicture]], model: Model, picture: PreparedPicture
    ) -> None:
        sizes = (len(one.payload.data) + _PICTURE_OVERHEAD_BYTES for one in (*partial[model], picture))
        if sum(sizes) > MAX_REQUEST_BYTES:
            self._flush(partial, model)
        partial[model].append(picture)
        if len(partial[model]) == self._lane.options.batch:
            self._flush(partial, model)

    def _flush(self, partial: dict[Model, list[PreparedPicture]], model: Model) -> None:
        """Make the model's batch ready, as soon as there is room for it."""
        batch = Batch(model, tuple(partial[model]))
        partial[model] = []
        if not batch.pictures:
            return
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped or self._has_room(batch))
            self._ready.append(batch)
        self._wake()

    def _has_room(self, batch: Batch) -> bool:
        size = sum(one.bytes for one in self._ready)
        return len(self._ready) < max(MAX_READY, 2 * self._lane.options.in_flight) and (
            not size or size + batch.bytes <= MAX_READY_BYTES
        )

    def _prepare(
        self, picture: PictureToSend, decoding: Future[Payload], rejected: list[Unlabelled]
    ) -> PreparedPicture | None:
        try:
            prepared = PreparedPicture(picture.sha256, decoding.result())
        except UnreadablePicture as error:
            reason = "too_large" if isinstance(error, PictureTooLarge) else "unreadable"
            rejected.append(
                unlabelled_row(picture.sha256, self._lane.name, self._lane.version, reason, str(error))
            )
        except OSError as error:
            logger.warning("The stored picture %s can't be used: %s", picture.path, error)
            self.missing += 1
        else:
            self.copies += picture.copy_sha256 is not None
            return prepared
        return None

    def _decode_ahead(
        self, pictures: Sequence[PictureToSend], decoders: ThreadPoolExecutor
    ) -> Iterator[tuple[PictureToSend, Future[Payload]]]:
        """The pictures in their order, each with its decoding, of which a limited number runs ahead."""
        remaining = iter(pictures)
        files, options, payload = self._home.picture_files, self._lane.options, self._lane.service.payload

        def submit(count: int) -> Iterator[tuple[PictureToSend, Future[Payload]]]:
            for one in islice(remaining, count):
                source, stored = files.source_ahead(one.path), one.copy_sha256 or one.sha256
                yield one, decoders.submit(payload, source, stored, options)

        running = deque(submit(MAX_DECODING))
        while running:
            yield running.popleft()
            running += submit(1)
