"""Responses of Clarifai, also hostile ones, to labels and reactions."""

from __future__ import annotations

import math

import grpc
import pytest
from clarifai_grpc.grpc.api import resources_pb2 as resources
from clarifai_grpc.grpc.api import service_pb2
from clarifai_grpc.grpc.api.status import status_pb2
from hypothesis import given
from hypothesis import strategies as some

from classifiers.clarifai.labelling import MAX_REGIONS, concept_labels, region_labels, upright_box
from classifiers.clarifai.responses import ExpectedOutput, read_response
from classifiers.clarifai.statuses import status_of_code, status_of_grpc
from classifiers.protocol import Box
from classifiers.remote.outcomes import MAX_MESSAGE_LENGTH, Reaction

GOOD = 10000


def output(code: int = GOOD, *concepts: tuple[str, float]) -> resources.Output:
    made = [resources.Concept(id=f"id_{name}", name=name, value=value) for name, value in concepts]
    return resources.Output(status=status_pb2.Status(code=code), data=resources.Data(concepts=made))


def reactions(code: int, *codes: int, pictures: int | None = None) -> list[Reaction]:
    """The reaction to each picture of a response with these codes."""
    response = service_pb2.MultiOutputResponse(
        status=status_pb2.Status(code=code), outputs=[output(one) for one in codes]
    )
    expected = ExpectedOutput(False, 20, (1,) * (len(codes) if pictures is None else pictures))
    return [one.status.reaction for one in read_response(response.SerializeToString(), expected)]


def test_every_status_has_its_reaction():
    """One table has the reaction to each status; an unknown code is retried."""
    K, W, A, S, P, X = (Reaction(word) for word in ("keep", "wait", "again", "split", "picture", "stop"))  # noqa: N806
    expected = {
        10000: K, 11005: W, 11003: W, 21351: W, 21354: W, 21355: W, 10030: A, 40030: A, 40031: A, 40032: A,
        98004: A, 99009: A, 12345: A, 0: A, 11000: X, 11001: X, 11002: X, 11007: X, 11008: X, 11009: X, 11102: X,
        11004: X, 11006: X, 69000: X, 69001: X, 21200: X, 21201: X, 21202: X, 30002: P, 30101: P, 30104: P,
        30105: P, 30106: P, 30300: P, 40001: S, 39999: S, 40033: S,
    }  # fmt: skip
    assert {code: status_of_code(code).reaction for code in expected} == expected


def test_every_status_of_grpc_has_its_reaction():
    """A call without a response may have been billed, unless it never left this machine or was refused."""
    again = {code for code in grpc.StatusCode if status_of_grpc(code, "x").reaction is Reaction.AGAIN}
    assert {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.INTERNAL} <= again
    assert status_of_grpc(grpc.StatusCode.UNAUTHENTICATED, "").reaction is Reaction.STOP
    assert status_of_grpc(grpc.StatusCode.UNAVAILABLE, "failed to connect to all addresses").unsent
    assert not status_of_grpc(grpc.StatusCode.UNAVAILABLE, "Socket closed").unsent
    large = "CLIENT: Received message larger than max (70 vs. 64)"
    assert status_of_grpc(grpc.StatusCode.RESOURCE_EXHAUSTED, large).reaction is Reaction.AGAIN
    assert status_of_grpc(grpc.StatusCode.RESOURCE_EXHAUSTED, "quota").reaction is Reaction.WAIT


def test_a_servers_text_becomes_one_printable_line():
    """Control characters and very long texts reach neither the terminal nor a table."""
    message = status_of_code(30104, "bad\x1b[31m\r\npicture\x00" + "x" * 5000).message
    assert message.isprintable() and len(message) <= MAX_MESSAGE_LENGTH
    assert message.startswith("bad [31m picture x")


def test_a_partial_success_keeps_the_good_pictures():
    """Each picture of a mixed response has its own reaction."""
    assert reactions(10010, GOOD, 30104, GOOD, 11005) == ["keep", "picture", "keep", "wait"]


@pytest.mark.parametrize(
    ("code", "codes", "expected"),
    [
        (10020, (30002, 30002, 30002), ["split", "split", "split"]),
        (10020, (30002, 30104, 30002), ["split", "picture", "split"]),
        (10020, (30104, 30104), ["split", "split"]),
        (10020, (30002,), ["picture"]),
        (10020, (GOOD, 30002), ["keep", "picture"]),
        (40001, (), ["split", "split"]),
        (10020, (), ["split", "split"]),
        (11005, (), ["wait", "wait"]),
        (11009, (), ["stop", "stop"]),
        (11006, (GOOD, 11006), ["keep", "stop"]),
        (GOOD, (GOOD,), ["keep", "again"]),
        (GOOD, (GOOD, GOOD, GOOD), ["keep", "keep"]),
        (GOOD, (0, GOOD), ["keep", "keep"]),
    ],
)
def test_a_response_that_fails_completely_proves_few_pictures_bad(code, codes, expected):
    """A complete failure proves a picture bad only if it has its own error or was the only one."""
    pictures = len(expected)
    assert reactions(code, *codes, pictures=pictures) == expected


@given(some.binary(max_size=200))
def test_any_bytes_give_one_outcome_per_picture(data):
    """Whatever bytes arrive, each picture has one outcome."""
    assert len(read_response(data, ExpectedOutput(True, 20, (1, 6, 1)))) == 3


def test_concepts_are_cleaned_and_ordered():
    """Scores that are not numbers, empty names and duplicates are removed; the others are ranked, best first."""
    concepts = [
        ("dog", 0.4), ("cat", 0.9), ("nan", math.nan), ("inf", math.inf), ("zero", 0.0), ("minus", -1.0),
        ("big", 1.7), ("dog", 0.5), ("a\x1b[2Jb\nc", 0.3),
    ]  # fmt: skip
    labels = concept_labels(output(GOOD, *concepts).data.concepts, 20)
    assert [(one.label, round(one.score, 3), one.rank) for one in labels] == [
        ("big", 1.0, 1),
        ("cat", 0.9, 2),
        ("dog", 0.5, 3),
        ("a [2Jb c", 0.3, 4),
    ]
    assert labels[1].label_id == "id_cat"
    many = output(GOOD, *((f"c{n}", 0.5) for n in range(5000))).data.concepts
    assert len(concept_labels(many, 20)) == 20


def region(left: float, top: float, right: float, bottom: float, score: float = 0.5) -> resources.Region:
    box = resources.BoundingBox(left_col=left, top_row=top, right_col=right, bottom_row=bottom)
    return resources.Region(
        region_info=resources.RegionInfo(bounding_box=box), data=output(GOOD, ("face", score)).data
    )


def test_regions_are_numbered_from_the_surest():
    """Boxes are clipped to the picture; those without an area or with edges that are not numbers are skipped."""
    regions = [
        region(0.1, 0.1, 0.2, 0.2, 0.3),
        region(-0.5, 0.5, 1.5, 0.75, 0.8),
        region(0.5, 0.5, 0.5, 0.9),
        region(0.9, 0.1, 0.1, 0.2),
        region(math.nan, 0, 1, 1),
        resources.Region(data=output(GOOD, ("no box", 0.9)).data),
    ]
    labels = region_labels(regions, 20, 1)
    assert [(one.region, one.rank, round(one.score, 3)) for one in labels] == [(1, 1, 0.8), (2, 1, 0.3)]
    assert labels[0].box == Box(0.0, 0.5, 1.0, 0.75)
    many = [region(0.1, 0.1, 0.5, 0.5) for _ in range(3 * MAX_REGIONS)]
    assert max(one.region for one in region_labels(many, 20, 1)) == MAX_REGIONS


@given(*[some.floats(0, 1, width=32)] * 4, some.integers(0, 9))
def test_a_turned_box_stays_valid(left, top, right, bottom, orientation):
    """For every EXIF orientation, edges keep their order and stay within the picture."""
    box = upright_box(region(left, top, right, bottom).region_info.bounding_box, orientation)
    assert (box is None) == (left >= right or top >= bottom)
    if box is not None:
        assert 0 <= box.x0 <= box.x1 <= 1 and 0 <= box.y0 <= box.y1 <= 1
