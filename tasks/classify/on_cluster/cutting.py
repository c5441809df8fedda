"""Pending pictures cut into items: some batches of the model each, by reference or with their bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from tasks.classify.on_cluster.items import LabelItem
from tasks.classify.picture_bytes import read_picture_bytes
from warehouse.records.pending import StoredPicture

ITEM_PICTURES = 256
"""Pictures of an item, rounded up to complete batches."""
MAX_ITEM_BYTES = 32 * 2**20
"""An item with its pictures' bytes ends with the batch that reaches it."""


class ItemCutter:
    """The items of a lane, cut when they are taken.

    `empty` is an item without pictures. With `as_bytes` the driver reads the files; those that it can't read go to
    `skip`. `send_again` repeats pictures with their bytes that a worker did not find.
    """

    def __init__(
        self,
        empty: LabelItem,
        pending: Iterator[StoredPicture],
        batch_size: int,
        skip: Callable[[StoredPicture], None],
        *,
        as_bytes: bool,
    ) -> None:
        self._empty = empty
        self._pending = pending
        self._batch_size = batch_size
        self._skip = skip
        self._as_bytes = as_bytes
        self._again: deque[StoredPicture] = deque()

    def send_again(self, pictures: list[StoredPicture]) -> None:
        """Send pictures as bytes."""
        self._again.extend(pictures)

    def __iter__(self) -> Iterator[LabelItem]:
        return self

    def __next__(self) -> LabelItem:
        """The next item. After the last one there may be another, if pictures were sent again meanwhile."""
        if (item := self._with_bytes(self._take_again())) is not None:
            return item
        if self._as_bytes:
            item = self._with_bytes(self._pending)
        else:
            pictures = tuple(islice(self._pending, self._size()))
            item = replace(self._empty, pictures=pictures) if pictures else None
        if item is None:
            raise StopIteration
        return item

    def _take_again(self) -> Iterator[StoredPicture]:
        while self._again:
            yield self._again.popleft()

    def _size(self) -> int:
        return -(-ITEM_PICTURES // self._batch_size) * self._batch_size

    def _with_bytes(self, pending: Iterator[StoredPicture]) -> LabelItem | None:
        pictures: list[StoredPicture] = []
        data: list[bytes] = []
        size = 0
        for picture in pending:
            try:
                data.append(read_picture_bytes(Path(self._empty.folder), picture))
            except OSError:
                self._skip(picture)
                continue
            pictures.append(picture)
            size += len(data[-1])
            is_full = len(pictures) % self._batch_size == 0
            if is_full and (len(pictures) >= self._size() or size >= MAX_ITEM_BYTES):
                break
        return replace(self._empty, pictures=tuple(pictures), data=tuple(data)) if pictures else None
