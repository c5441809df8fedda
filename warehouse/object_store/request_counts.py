"""Requests and bytes of this process, as the providers of object stores charge them."""

from __future__ import annotations

import threading
from dataclasses import dataclass

LIST_PAGE = 1_000
"""Objects that one request lists."""


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """Requests by kind, without those that were repeated after a failure, and the bytes that were moved."""

    puts: int = 0
    lists: int = 0
    gets: int = 0
    heads: int = 0
    deletes: int = 0
    uploaded_bytes: int = 0
    downloaded_bytes: int = 0

    @property
    def class_a(self) -> int:
        """Requests of the dear kind: they write or list."""
        return self.puts + self.lists

    @property
    def class_b(self) -> int:
        """Requests of the cheap kind: they read. Providers do not charge deletions."""
        return self.gets + self.heads

    def __add__(self, other: RequestCounts) -> RequestCounts:
        return RequestCounts(*(a + b for a, b in zip(self._values(), other._values(), strict=True)))

    def __sub__(self, other: RequestCounts) -> RequestCounts:
        """What was added since `other` was read."""
        return RequestCounts(*(a - b for a, b in zip(self._values(), other._values(), strict=True)))

    def _values(self) -> tuple[int, ...]:
        return (
            self.puts,
            self.lists,
            self.gets,
            self.heads,
            self.deletes,
            self.uploaded_bytes,
            self.downloaded_bytes,
        )


class _Total:
    """The requests of this process."""

    counts = RequestCounts()
    lock = threading.Lock()


def count_requests(more: RequestCounts) -> None:
    """Add requests to those of this process."""
    with _Total.lock:
        _Total.counts += more


def requests_so_far() -> RequestCounts:
    """All requests of this process to object stores."""
    return _Total.counts
