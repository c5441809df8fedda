"""Read a response of Clarifai: its own status, then each picture's. Responses are hostile input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from clarifai_grpc.grpc.api import resources_pb2, service_pb2
from clarifai_grpc.grpc.api.status import status_pb2
from google.protobuf.message import DecodeError

from classifiers.clarifai.labelling import concept_labels, region_labels
from classifiers.clarifai.statuses import status_of_code
from classifiers.remote.outcomes import ExpectedOutput, Outcome, Reaction, Status

SUCCESS, MIXED, FAILURE = 10000, 10010, 10020
INPUT_FAILED = 30002
"""In a complete failure, good pictures may have this code too: some models fail all pictures if one is bad."""

NO_OUTPUT = Status(Reaction.AGAIN, "NO_OUTPUT", "the response has no part for this picture")
GARBLED = Status(Reaction.AGAIN, "GARBLED", "the response can't be parsed")


def read_response(
    response: bytes | Status, expected: ExpectedOutput, redact: Callable[[str], str] = str
) -> list[Outcome]:
    """Exactly one outcome per picture, in their order.

    Outputs belong to the pictures by their position: surplus outputs are ignored, and a picture without an output
    gets `NO_OUTPUT`. `redact` removes the key from the server's texts.
    """
    if isinstance(response, Status):
        outcomes = [Outcome(response)] * len(expected.orientations)
    else:
        outcomes = _parse(response, expected, redact)
    if len(outcomes) == 1 and outcomes[0].status.reaction is Reaction.SPLIT:
        # A request of one picture can't be split: the service refuses this picture.
        return [Outcome(replace(outcomes[0].status, reaction=Reaction.PICTURE))]
    return outcomes


def _parse(response: bytes, expected: ExpectedOutput, redact: Callable[[str], str]) -> list[Outcome]:
    count = len(expected.orientations)
    try:
        parsed = service_pb2.MultiOutputResponse.FromString(response)
    except DecodeError:
        return [Outcome(GARBLED)] * count
    code, overall = parsed.status.code, _read_status(parsed.status, redact)
    outcomes = [
        _read_output(output, orientation, expected, code, redact)
        for output, orientation in zip(parsed.outputs, expected.orientations, strict=False)
    ]
    missing = NO_OUTPUT if code in (SUCCESS, MIXED) else overall
    if code not in (SUCCESS, MIXED, FAILURE):
        outcomes = [one if one.status.reaction is Reaction.KEEP else Outcome(overall) for one in outcomes]
    if code == FAILURE and not outcomes:
        missing = replace(overall, reaction=Reaction.SPLIT)
    outcomes += [Outcome(missing)] * (count - len(outcomes))
    return _split_unproven(outcomes) if code != MIXED else outcomes


def _read_output(
    output: resources_pb2.Output,
    orientation: int,
    expected: ExpectedOutput,
    overall_code: int,
    redact: Callable[[str], str],
) -> Outcome:
    inherits = output.status.code == 0 and overall_code == SUCCESS  # an output may omit its own success
    status = status_of_code(SUCCESS) if inherits else _read_status(output.status, redact)
    if status.reaction is not Reaction.KEEP:
        return Outcome(status)
    if expected.regions:
        return Outcome(status, tuple(region_labels(output.data.regions, expected.top, orientation)))
    return Outcome(status, tuple(concept_labels(output.data.concepts, expected.top)))


def _split_unproven(outcomes: list[Outcome]) -> list[Outcome]:
    """If all pictures failed, only one with its own error is proven bad; the others are sent separately.

    A picture that failed as the only one of its request is proven bad.
    """
    bad = [one.status.reaction is Reaction.PICTURE for one in outcomes]
    if len(outcomes) == 1 or not all(bad):
        return outcomes
    own = [not one.status.name.endswith(f"({INPUT_FAILED})") for one in outcomes]
    some_own = any(own) and not all(own)
    return [
        one if some_own and is_own else Outcome(replace(one.status, reaction=Reaction.SPLIT))
        for one, is_own in zip(outcomes, own, strict=True)
    ]


def _read_status(status: status_pb2.Status, redact: Callable[[str], str]) -> Status:
    return status_of_code(status.code, redact(status.description), redact(status.details))
