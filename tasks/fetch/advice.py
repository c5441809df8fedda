"""What to do about pictures that could not be fetched, by the reason in `fetches.reason`."""

from __future__ import annotations

from tasks.fetch.attempt import Reason

_RETRIED = "nothing; every run retries, 30 times in all"
_RARELY = "nothing; two later runs retry"
ADVICE: dict[str, str] = {
    Reason.BUSY: "nothing; later runs wait as long as the host says",
    Reason.SERVER_ERROR: _RETRIED,
    Reason.TIMEOUT: _RETRIED,
    Reason.UNREACHABLE: f"{_RETRIED}; check the network if all hosts fail",
    Reason.CUT_OFF: _RETRIED,
    Reason.GONE: f"{_RARELY}; the picture was removed",
    Reason.REFUSED: f"{_RARELY}; the host wants a login, or refuses",
    Reason.HTTP_ERROR: _RARELY,
    Reason.REDIRECTS: _RARELY,
    Reason.NOT_A_PICTURE: f"{_RARELY}; the table fetches has what came",
    Reason.UNSUPPORTED_FORMAT: f"{_RARELY}; the table fetches has the format",
    Reason.CORRUPT: f"{_RARELY}; the file is damaged at the source",
    Reason.TOO_LARGE: "nothing; files above 50 MB are left out",
    Reason.TOO_MANY_PIXELS: "nothing; pictures above 64 million pixels are left out",
    Reason.BAD_ADDRESS: "check the source or its profile; this is no address of a picture",
    Reason.PRIVATE_ADDRESS: "name the host in allow_private_hosts if it is yours",
}
