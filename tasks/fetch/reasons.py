"""Why a picture could not be fetched."""

from __future__ import annotations

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
