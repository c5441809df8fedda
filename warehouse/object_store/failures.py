"""Failed requests to an object store, as errors that say what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass

from warehouse.errors import BadStore, StoreUnavailable, WarehouseError


@dataclass(frozen=True, slots=True)
class _Cause:
    """A cause, the texts and types of obstore's errors that show it, and the sentences for the user."""

    signs: tuple[str, ...]
    message: str
    error: type[WarehouseError] = BadStore


_NO_BUCKET = ("NoSuchBucket", "ContainerNotFound", "The specified bucket does not exist")
_KEYS = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or those of your provider) in the environment."
_CAUSES = (
    _Cause(
        _NO_BUCKET,
        "There is no bucket of {where}. Create it, or correct home, endpoint and region in the settings.",
    ),
    _Cause(
        ("RequestTimeTooSkewed", "RequestTimeSkewed", "Request has expired"),
        "{where} refuses requests because the clock of this machine is wrong by more than some minutes. Set the clock,"
        " for example with NTP; then run again.",
    ),
    _Cause(
        (
            *(
                "InvalidAccessKeyId",
                "SignatureDoesNotMatch",
                "401 Unauthorized",
                "InvalidToken",
                "ExpiredToken",
            ),
            "UnauthenticatedError",
        ),
        "{where} does not accept the credentials: {reason}. " + _KEYS,
    ),
    _Cause(
        ("403 Forbidden", "AccessDenied", "AuthorizationPermissionMismatch", "PermissionDeniedError"),
        "The credentials have no right to {what} in {where}. Allow them to list the bucket, and to read, write and"
        " delete its objects.",
    ),
    _Cause(
        ("169.254.169.254", "metadata.google.internal", "169.254.170", "missing credentials"),
        "There are no credentials for {where}. " + _KEYS,
    ),
    _Cause(
        ("PermanentRedirect", "AuthorizationHeaderMalformed", "301 Moved", "missing region"),
        "The bucket of {where} is in another region: {reason}. Set region in the settings.",
    ),
    _Cause(
        ("501 Not Implemented", "NotImplemented", "NotSupportedError"),
        "{where} does not support a request that likelens needs, to {what}: {reason}.",
    ),
    _Cause(
        ("kind: Connect", "dns error", "tcp connect error", "Connection refused"),
        "{where} can't be reached, to {what}. Check home and endpoint in the settings, and the network.",
        StoreUnavailable,
    ),
)
_OTHER = _Cause(
    (),
    "{where} failed, or was too slow, to {what}: {reason}. Nothing is lost; run again later.",
    StoreUnavailable,
)


def store_error(url: str, endpoint: str, what: str, error: Exception) -> WarehouseError:
    """`BadStore` for a failure that stays until someone changes something, else `StoreUnavailable`.

    `what` is the request in words, such as "read lake/posts/a.parquet".
    """
    text = f"{type(error).__name__}: {error}"
    cause = next((one for one in _CAUSES if any(sign in text for sign in one.signs)), _OTHER)
    where = f"{url} (at {endpoint})" if endpoint else url
    return cause.error(cause.message.format(where=where, what=what, reason=_reason(str(error))))


def is_request_failure(error: Exception) -> bool:
    """Whether obstore raised the error for a request that failed; an object that exists is none."""
    if isinstance(error, WarehouseError):
        return False
    from obstore.exceptions import AlreadyExistsError, BaseError

    return isinstance(error, BaseError) and not isinstance(error, AlreadyExistsError)


def is_missing_bucket(error: Exception) -> bool:
    """Whether a 'not found' is about the bucket, and not about the object."""
    return any(sign in str(error) for sign in _NO_BUCKET)


def _reason(text: str) -> str:
    """The part of obstore's text that a user can use: the server's message, or the last cause on the first line."""
    message = re.search(r"<Message>(.*?)</Message>", text, re.DOTALL)
    code = re.search(r"<Code>(.*?)</Code>", text)
    if code:
        return f"{code[1]} ({' '.join(message[1].split()).rstrip('.')})" if message else code[1]
    first = text.split("\n\nDebug source", 1)[0].strip().split("\n", 1)[0]
    return first.rsplit(" - ", 1)[-1].rstrip(".: ")
