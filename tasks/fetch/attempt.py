"""The result of one attempt to fetch a picture: the stored picture, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Reason(StrEnum):
    """The values of the column `fetches.reason`."""

    GONE = "gone"
    REFUSED = "refused"
    BUSY = "busy"
    SERVER_ERROR = "server_error"
    HTTP_ERROR = "http_error"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    CUT_OFF = "cut_off"
    REDIRECTS = "redirects"
    BAD_ADDRESS = "bad_address"
    PRIVATE_ADDRESS = "private_address"
    TOO_LARGE = "too_large"
    TOO_MANY_PIXELS = "too_many_pixels"
    NOT_A_PICTURE = "not_a_picture"
    UNSUPPORTED_FORMAT = "unsupported_format"
    CORRUPT = "corrupt"


TRANSIENT = frozenset({Reason.BUSY, Reason.SERVER_ERROR, Reason.TIMEOUT, Reason.UNREACHABLE, Reason.CUT_OFF})
"""Failures that a retry within the same run may fix."""


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


def reason_for_status(status: int) -> Reason | None:
    """The reason for an HTTP status; None for 200."""
    if status == 200:
        return None
    if status in (404, 410):
        return Reason.GONE
    if status in (401, 403, 451):
        return Reason.REFUSED
    if status in (429, 503):
        return Reason.BUSY
    return Reason.SERVER_ERROR if status >= 500 else Reason.HTTP_ERROR
