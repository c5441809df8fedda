"""The reaction to each status: Clarifai's codes, which a response contains, and those of gRPC.

From Clarifai's `status_code.proto` and gRPC's `status.md`. An unlisted code, such as one that Clarifai adds later,
is retried a few times and counted as possibly billed.
"""

from __future__ import annotations

from clarifai_grpc.grpc.api.status.status_code_pb2 import StatusCode
from grpc import StatusCode as Grpc

from classifiers.remote.outcomes import Reaction, Status, printable_line

_SUCCESS = 10000
_REACTIONS: dict[int, Reaction] = {
    _SUCCESS: Reaction.KEEP,
    **dict.fromkeys((11003, 11005, 21351, 21352, 21354, 21355), Reaction.WAIT),
    **dict.fromkeys((10030, 40030, 40031, 40032), Reaction.AGAIN),
    **dict.fromkeys((30002, 30101, 30104, 30105, 30106, 30300), Reaction.PICTURE),
    **dict.fromkeys((40001, 39999, 40033), Reaction.SPLIT),
}
_GRPC_REACTIONS = {Grpc.INVALID_ARGUMENT: Reaction.SPLIT, Grpc.RESOURCE_EXHAUSTED: Reaction.WAIT}

_KEY_ADVICE = (
    "Clarifai does not accept the key. It may have expired or have no scope to predict. Put a valid personal"
    " access token into CLARIFAI_PAT or the Prefect Secret block clarifai-pat."
)
_MONEY_ADVICE = (
    "The Clarifai account has no money or quota left. Raise its limit, or wait for the next period. The labels"
    " received so far are stored."
)
_MODEL_ADVICE = (
    "Clarifai does not have the model, or this key may not use it. Check model, regions_model, their versions,"
    " user and app in the settings."
)
_OTHER_ADVICE = "The server does not have Clarifai's API. Check base in the settings and CLARIFAI_GRPC_BASE."
_ADVICE: dict[int, str] = {
    **dict.fromkeys((11000, 11001, 11002, 11007, 11008, 11009, 11102), _KEY_ADVICE),
    **dict.fromkeys((11004, 11006, 69000, 69001), _MONEY_ADVICE),
    **dict.fromkeys((21200, 21201, 21202, 21203), _MODEL_ADVICE),
}
"""What the user can do about each code that stops the lane."""
_GRPC_ADVICE = {
    Grpc.UNAUTHENTICATED: _KEY_ADVICE,
    Grpc.PERMISSION_DENIED: _KEY_ADVICE,
    Grpc.NOT_FOUND: _MODEL_ADVICE,
    Grpc.UNIMPLEMENTED: _OTHER_ADVICE,
}


def status_of_code(code: int, *texts: str) -> Status:
    """The status for one of Clarifai's codes, known or not, and its texts."""
    message = "" if code == _SUCCESS else printable_line(" ".join(filter(None, texts)))
    if advice := _ADVICE.get(code):
        message = f"{advice} (Clarifai's message: {_name(code)} {message})"
        return Status(Reaction.STOP, _name(code), message)
    return Status(_REACTIONS.get(code, Reaction.AGAIN), _name(code), message)


def status_of_grpc(code: Grpc, details: str) -> Status:
    """The status of a call without a response."""
    reaction = _GRPC_REACTIONS.get(code, Reaction.AGAIN)
    message = printable_line(details)
    if advice := _GRPC_ADVICE.get(code):
        return Status(Reaction.STOP, code.name, f"{advice} (gRPC's message: {code.name} {message})")
    if code is Grpc.RESOURCE_EXHAUSTED and "larger than max" in details:
        # The server never processed a request that is too large; it did for a response that is too large.
        reaction = Reaction.AGAIN if "Received message" in details or "CLIENT" in details else Reaction.SPLIT
    unsent = code is Grpc.UNAVAILABLE and "failed to connect" in details.lower()
    return Status(reaction, code.name, message, unsent)


def _name(code: int) -> str:
    """The code's name and number; only the number if the installed clarifai-grpc has no name for it."""
    try:
        return f"{StatusCode.Name(code)} ({code})"
    except ValueError:
        return f"status {code}"
