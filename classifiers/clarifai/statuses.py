"""What each status wants: Clarifai's own codes, which stand inside an answer, and those of gRPC.

From Clarifai's `status_code.proto` and gRPC's `status.md`. A number that is not here, also one that
Clarifai adds tomorrow, is tried again a few times and counted as perhaps billed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clarifai_grpc.grpc.api.status.status_code_pb2 import StatusCode
from grpc import StatusCode as Grpc

MESSAGE_LENGTH = 300


class Reaction(StrEnum):
    """What to do about one picture of an answer."""

    KEEP = "keep"
    """It has its labels."""
    WAIT = "wait"
    """Send it again after a pause: the service is busy or the model is being started. Nothing was billed."""
    AGAIN = "again"
    """Send it again a few times; the first try may have been billed."""
    SPLIT = "split"
    """Send it in a smaller request: something of this one can't be taken. Nothing was billed."""
    PICTURE = "picture"
    """The picture itself is refused. Nothing was billed."""
    STOP = "stop"
    """Stop the lane: a person must do something. Nothing was billed."""


@dataclass(frozen=True, slots=True)
class Status:
    """A status: what to do, its name, and what was said, fit for a person to read.

    `unsent` is true where the request surely never left; then nothing was billed.
    """

    reaction: Reaction
    name: str
    message: str
    unsent: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.message}" if self.message else self.name


KEY_CODES = frozenset({11000, 11001, 11002, 11007, 11008, 11009, 11102})
MONEY_CODES = frozenset({11004, 11006, 69000, 69001})
MODEL_CODES = frozenset({21200, 21201, 21202, 21203})
_SUCCESS = 10000
_REACTIONS: dict[int, Reaction] = {
    _SUCCESS: Reaction.KEEP,
    **dict.fromkeys(KEY_CODES | MONEY_CODES | MODEL_CODES, Reaction.STOP),
    **dict.fromkeys((11003, 11005, 21351, 21352, 21354, 21355), Reaction.WAIT),
    **dict.fromkeys((10030, 40030, 40031, 40032), Reaction.AGAIN),
    **dict.fromkeys((30002, 30101, 30104, 30105, 30106, 30300), Reaction.PICTURE),
    **dict.fromkeys((40001, 39999, 40033), Reaction.SPLIT),
}
_GRPC: dict[Grpc, Reaction] = {
    Grpc.UNAUTHENTICATED: Reaction.STOP,
    Grpc.PERMISSION_DENIED: Reaction.STOP,
    Grpc.NOT_FOUND: Reaction.STOP,
    Grpc.UNIMPLEMENTED: Reaction.STOP,
    Grpc.INVALID_ARGUMENT: Reaction.SPLIT,
    Grpc.RESOURCE_EXHAUSTED: Reaction.WAIT,
}

_KEY_ADVICE = (
    "Clarifai does not accept the key. Put a valid personal access token into CLARIFAI_PAT or the Prefect"
    " Secret block clarifai-pat; it may have expired or lack the scope to predict."
)
_MONEY_ADVICE = (
    "The Clarifai account has no money or quota left. Raise its limit, or wait for the next period; pictures"
    " that were answered are kept."
)
_MODEL_ADVICE = (
    "Clarifai does not have the model, or does not let this key use it. Check model, regions_model, their"
    " versions, user and app in the settings."
)
_OTHER_ADVICE = "The server does not speak Clarifai's API. Check base in the settings and CLARIFAI_GRPC_BASE."


def of_code(code: int, *said: str) -> Status:
    """The status with one of Clarifai's numbers, known or not, and what it said."""
    reaction = _REACTIONS.get(code, Reaction.AGAIN)
    message = "" if code == _SUCCESS else plain(" ".join(filter(None, said)))
    if reaction is Reaction.STOP:
        message = f"{advice(code)} (Clarifai says: {name_of(code)} {message})"
    return Status(reaction, name_of(code), message)


def of_grpc(code: Grpc, details: str) -> Status:
    """The status of a call that brought no answer."""
    reaction = _GRPC.get(code, Reaction.AGAIN)
    said = plain(details)
    too_large = code is Grpc.RESOURCE_EXHAUSTED and "larger than max" in details
    if too_large:
        # A request that is too large was never worked on; an answer that is too large was.
        reaction = Reaction.AGAIN if "Received message" in details or "CLIENT" in details else Reaction.SPLIT
    if reaction is Reaction.STOP:
        said = f"{_grpc_advice(code)} (gRPC says: {code.name} {said})"
    unsent = code is Grpc.UNAVAILABLE and "failed to connect" in details.lower()
    return Status(reaction, code.name, said, unsent)


def advice(code: int) -> str:
    """What a person can do about a code that stops the lane."""
    if code in MONEY_CODES:
        return _MONEY_ADVICE
    return _MODEL_ADVICE if code in MODEL_CODES else _KEY_ADVICE


def _grpc_advice(code: Grpc) -> str:
    if code in (Grpc.UNAUTHENTICATED, Grpc.PERMISSION_DENIED):
        return _KEY_ADVICE
    return _MODEL_ADVICE if code is Grpc.NOT_FOUND else _OTHER_ADVICE


def name_of(code: int) -> str:
    """The code's name and number; the number alone where this version of Clarifai's package has no name."""
    try:
        return f"{StatusCode.Name(code)} ({code})"
    except ValueError:
        return f"status {code}"


def plain(text: str) -> str:
    """What a server said, in one short line without control characters."""
    kept = "".join(c if c.isprintable() else " " for c in text[: 4 * MESSAGE_LENGTH])
    return " ".join(kept.split())[:MESSAGE_LENGTH]
