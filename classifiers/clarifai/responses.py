"""An answer of Clarifai, read in full: its own status, then each picture's. Answers are hostile input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from clarifai_grpc.grpc.api import resources_pb2, service_pb2
from clarifai_grpc.grpc.api.status import status_pb2
from google.protobuf.message import DecodeError

from classifiers.clarifai.labelling import concept_labels, region_labels
from classifiers.clarifai.statuses import Reaction, Status, of_code
from classifiers.protocol import Label

SUCCESS, MIXED, FAILURE = 10000, 10010, 10020
INPUT_FAILED = 30002
"""Under a whole failure it may stand at good pictures too: some models answer for none when one is bad."""

NO_OUTPUT = Status(Reaction.AGAIN, "NO_OUTPUT", "the answer has no part for this picture")
GARBLED = Status(Reaction.AGAIN, "GARBLED", "the answer can't be read")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer must be read with: whether regions were asked for, how many labels, and each picture's turn.

    `orientations` are the EXIF orientations of the pictures as they were sent, in their order.
    """

    regions: bool
    top: int
    orientations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer says of one picture: its labels, or what went wrong."""

    status: Status
    labels: tuple[Label, ...] = ()


def read_answer(answer: bytes | Status, asked: Asked, scrubbed: Callable[[str], str] = str) -> list[Outcome]:
    """One verdict for each picture, in their order; never fewer, never more.

    Outputs belong to the pictures by their place, so what an answer has too many of is left out, and a
    picture that it does not reach has no verdict but `NO_OUTPUT`. `scrubbed` takes the key out of what the
    server said.
    """
    if isinstance(answer, Status):
        verdicts = [Outcome(answer)] * len(asked.orientations)
    else:
        verdicts = _read(answer, asked, scrubbed)
    if len(verdicts) == 1 and verdicts[0].status.reaction is Reaction.SPLIT:
        # There is nothing to split: it is this picture that can't be taken.
        return [Outcome(replace(verdicts[0].status, reaction=Reaction.PICTURE))]
    return verdicts


def _read(answer: bytes, asked: Asked, scrubbed: Callable[[str], str]) -> list[Outcome]:
    count = len(asked.orientations)
    try:
        read = service_pb2.MultiOutputResponse.FromString(answer)
    except DecodeError:
        return [Outcome(GARBLED)] * count
    whole = _status(read.status, scrubbed)
    verdicts = [
        _verdict(output, turn, asked, read.status.code, scrubbed)
        for output, turn in zip(read.outputs, asked.orientations, strict=False)
    ]
    missing = NO_OUTPUT if read.status.code in (SUCCESS, MIXED) else whole
    if read.status.code not in (SUCCESS, MIXED, FAILURE):
        verdicts = [one if one.status.reaction is Reaction.KEEP else Outcome(whole) for one in verdicts]
    if read.status.code == FAILURE and not verdicts:
        missing = replace(whole, reaction=Reaction.SPLIT)
    verdicts += [Outcome(missing)] * (count - len(verdicts))
    return _unproven_split(verdicts) if read.status.code != MIXED else verdicts


def _verdict(
    output: resources_pb2.Output,
    orientation: int,
    asked: Asked,
    whole_code: int,
    scrubbed: Callable[[str], str],
) -> Outcome:
    unsaid = output.status.code == 0 and whole_code == SUCCESS  # then the answer's own status stands for it
    status = of_code(SUCCESS) if unsaid else _status(output.status, scrubbed)
    if status.reaction is not Reaction.KEEP:
        return Outcome(status)
    if asked.regions:
        return Outcome(status, tuple(region_labels(output.data.regions, asked.top, orientation)))
    return Outcome(status, tuple(concept_labels(output.data.concepts, asked.top)))


def _unproven_split(verdicts: list[Outcome]) -> list[Outcome]:
    """Where all failed, only a picture with a failure of its own is proven bad; the others are sent apart.

    A single picture that failed alone is proven bad.
    """
    bad = [one.status.reaction is Reaction.PICTURE for one in verdicts]
    if len(verdicts) == 1 or not all(bad):
        return verdicts
    own = [not one.status.name.endswith(f"({INPUT_FAILED})") for one in verdicts]
    some_own = any(own) and not all(own)
    return [
        one if some_own and is_own else Outcome(replace(one.status, reaction=Reaction.SPLIT))
        for one, is_own in zip(verdicts, own, strict=True)
    ]


def _status(status: status_pb2.Status, scrubbed: Callable[[str], str]) -> Status:
    return of_code(status.code, scrubbed(status.description), scrubbed(status.details))
