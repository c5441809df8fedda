"""Objects of a store below one URL: read, write, list and delete them."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from warehouse.errors import BadStore, StoreUnavailable
from warehouse.object_store.backoff import Backoff
from warehouse.object_store.connections import connect
from warehouse.object_store.failures import is_missing_bucket, is_request_failure, store_error
from warehouse.object_store.request_counts import LIST_PAGE, RequestCounts, count_requests

if TYPE_CHECKING:
    from obstore.store import ObjectStore as Connection

T = TypeVar("T")

CHUNK_BYTES = 8 * 1024 * 1024
"""Larger files are uploaded in parts of this size, and downloads are written in such pieces."""
UPLOAD_PARTS_AT_ONCE = 4
MAX_CLOCK_DIFFERENCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a listing shows it. `name` is its path below the store's URL."""

    name: str
    bytes: int
    etag: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """The objects below a URL. Creating it sends no request; it can be pickled.

    A request that fails is repeated with a growing delay, up to `retry_seconds` after the first; each may take
    `timeout_seconds`. Every method raises `BadStore` for a failure that needs a change of settings, rights or clock,
    and `StoreUnavailable` where the store can't be reached, is too slow or fails.
    """

    url: str
    endpoint: str = ""
    region: str = ""
    timeout_seconds: float = 60.0
    retry_seconds: float = 180.0

    def get(self, name: str) -> bytes:
        """The bytes of an object. Raises `FileNotFoundError`."""
        data = self._repeat(f"read {name}", lambda: self._connection.get(name).bytes().to_bytes(), name)
        count_requests(RequestCounts(gets=1, downloaded_bytes=len(data)))
        return data

    def download(self, name: str, file: Path) -> None:
        """Write an object to a file, which appears when it is complete. Raises `FileNotFoundError`."""
        temporary = file.with_name(f".{file.name}-{uuid.uuid4().hex}.tmp")

        def download() -> int:
            with temporary.open("wb") as target:
                for chunk in self._connection.get(name).stream(min_chunk_size=CHUNK_BYTES):
                    target.write(chunk)
                return target.tell()

        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            size = self._repeat(f"read {name}", download, name)
            os.replace(temporary, file)
        finally:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()
        count_requests(RequestCounts(gets=1, downloaded_bytes=size))

    def put(self, name: str, data: bytes | Path, if_absent: bool = False) -> str:
        """Write an object, and return its etag; a file larger than `CHUNK_BYTES` goes up in parts.

        With `if_absent` it raises `FileExistsError` if the object exists, and of several writers at once one succeeds.
        """
        size = len(data) if isinstance(data, bytes) else data.stat().st_size
        if if_absent:
            content = data if isinstance(data, bytes) else data.read_bytes()
            count_requests(RequestCounts(puts=1, uploaded_bytes=size))
            return self._put_if_absent(name, content)
        result = self._repeat(
            f"write {name}",
            lambda: self._connection.put(
                name,
                data,
                use_multipart=size > CHUNK_BYTES,
                chunk_size=CHUNK_BYTES,
                max_concurrency=UPLOAD_PARTS_AT_ONCE,
            ),
        )
        parts = 1 if size <= CHUNK_BYTES else 2 + -(-size // CHUNK_BYTES)
        count_requests(RequestCounts(puts=parts, uploaded_bytes=size))
        return _plain(result["e_tag"])

    def list(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        """The objects whose names are below the folder `prefix` and sort after `after`, sorted by name."""
        last, backoff = after, Backoff(self.retry_seconds)
        while True:
            try:
                for one in self._list_pages(prefix, last):
                    last, backoff = one.name, Backoff(self.retry_seconds)
                    yield one
                return
            except StoreUnavailable:
                if not backoff.wait():
                    raise

    def _list_pages(self, prefix: str, after: str) -> Iterator[StoredObject]:
        pages = iter(self._connection.list(prefix or None, offset=after or None, chunk_size=LIST_PAGE))
        what = f"list {prefix or 'its objects'}"
        is_sorted = not self.url.startswith("file:")
        unsorted: list[StoredObject] = []
        count = 0
        while page := self._try(what, lambda: next(pages, None)):
            found = [
                StoredObject(one["path"], one["size"], _plain(one["e_tag"]), one["last_modified"])
                for one in page
            ]
            count += len(found)
            if is_sorted:
                yield from found
            else:
                unsorted += found
        count_requests(RequestCounts(lists=1 + count // LIST_PAGE))
        yield from sorted(unsorted, key=lambda one: one.name)

    def exists(self, name: str) -> bool:
        """Whether there is an object of this name."""
        count_requests(RequestCounts(heads=1))
        try:
            self._repeat(f"read {name}", lambda: self._connection.head(name), name)
        except FileNotFoundError:
            return False
        return True

    def delete(self, names: Sequence[str]) -> None:
        """Delete objects; those that do not exist are no error."""
        if not names:
            return
        with contextlib.suppress(FileNotFoundError):  # of a local folder
            self._repeat(f"delete {names[0]}", lambda: self._connection.delete(list(names)), names[0])
        count_requests(RequestCounts(deletes=-(-len(names) // LIST_PAGE)))

    def check(self) -> None:
        """Write, list, read and delete a probe object.

        Raises `BadStore` when the bucket is missing, a right is missing, the store overwrites an object that a
        conditional request must not overwrite, or this machine's clock differs by more than 5 minutes; and
        `StoreUnavailable`.
        """
        name = f".probe/{uuid.uuid4().hex}"
        self.put(name, b"likelens", if_absent=True)
        try:
            now = datetime.now(UTC)
            if not self._refuses_second(name):
                raise BadStore(
                    f"{self.url} overwrites an object although the request forbids it (If-None-Match: *). Two writers at"
                    " once would lose rows there. Use a store with conditional requests."
                )
            listed = [one for one in self.list(".probe") if one.name == name]
            if not listed or self.get(name) != b"likelens":
                raise BadStore(f"{self.url} does not return what was written to it just now.")
            if abs(difference := now - listed[0].modified) > MAX_CLOCK_DIFFERENCE:
                raise BadStore(
                    f"The clock of this machine differs by {abs(difference).total_seconds() / 60:.0f} minutes from that"
                    f" of {self.url}. Set the clock, for example with NTP; then run again."
                )
        finally:
            self.delete([name])

    def _refuses_second(self, name: str) -> bool:
        try:
            self.put(name, b"overwritten", if_absent=True)
        except FileExistsError:
            return True
        return False

    def _put_if_absent(self, name: str, content: bytes) -> str:
        """Put without obstore's retries, because a repeated request finds the object that a lost response was for."""
        from obstore.exceptions import AlreadyExistsError

        connection, backoff = self._connect(0.0), Backoff(self.retry_seconds)
        is_repeated = False
        while True:
            try:
                result = self._try(f"write {name}", lambda: connection.put(name, content, mode="create"))
                return _plain(result["e_tag"])
            except AlreadyExistsError as error:
                if is_repeated and self.get(name) == content:
                    head = self._repeat(f"read {name}", lambda: self._connection.head(name), name)
                    return _plain(head["e_tag"])
                raise FileExistsError(f"{self.url}/{name} exists.") from error
            except StoreUnavailable:
                if not backoff.wait():
                    raise
            is_repeated = True

    def _repeat(self, what: str, request: Callable[[], T], name: str = "") -> T:
        """`_try`, and again after a failure that passes: obstore repeats no request whose response was cut off."""
        backoff = Backoff(self.retry_seconds)
        while True:
            try:
                return self._try(what, request, name)
            except StoreUnavailable:
                if not backoff.wait():
                    raise

    def _try(self, what: str, request: Callable[[], T], name: str = "") -> T:
        try:
            return request()
        except FileNotFoundError as error:
            if name and not is_missing_bucket(error):
                raise FileNotFoundError(f"{self.url}/{name} does not exist.") from error
            raise store_error(self.url, self.endpoint, what, error) from error
        except Exception as error:
            if is_request_failure(error):
                raise store_error(self.url, self.endpoint, what, error) from error
            raise

    @property
    def _connection(self) -> Connection:
        return self._connect(self.retry_seconds)

    def _connect(self, retry_seconds: float) -> Connection:
        return connect(self.url, self.endpoint, self.region, self.timeout_seconds, retry_seconds)


def _plain(etag: str | None) -> str:
    """An etag without its quotation marks, which not every response has."""
    return (etag or "").strip('"')
