"""The result of one attempt to fetch a picture."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tasks.fetch.reasons import Reason


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A picture in the store: its size in bytes and pixels, and its path relative to the home folder."""

    sha256: str
    bytes: int
    width: int
    height: int
    format: str
    path: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """The start (UTC) and duration of an attempt; the picture, or the reason why there is none.

    `http_status` is that of the last response, if there was one. `retry_after` is the pause that the host
    requested, in seconds. `message` says what came instead of a picture, and what to do.
    """

    began_at: datetime
    seconds: float
    http_status: int | None = None
    reason: Reason | None = None
    retry_after: float | None = None
    picture: StoredFile | None = None
    message: str | None = None
