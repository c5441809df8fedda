"""Turn Clarifai's concepts and regions into labels: clean names, check scores and boxes, turn boxes upright."""

from __future__ import annotations

import math
from collections.abc import Iterable

from clarifai_grpc.grpc.api import resources_pb2

from classifiers.protocol import Box, Label
from classifiers.remote.outcomes import printable_line

MAX_CONCEPTS = 200
"""Clarifai's limit for one picture or region."""
MAX_REGIONS = 100
"""Limit per picture, the surest first; a response may have any number."""

Corner = tuple[float, float]


def concept_labels(concepts: Iterable[resources_pb2.Concept], top: int) -> list[Label]:
    """The best `top` concepts of a picture or region, best first, each name once.

    A concept without a name, or with a score that is not a number above 0, is skipped.
    """
    scores: dict[str, tuple[float, str]] = {}
    for concept in concepts:
        name, score = printable_line(concept.name or concept.id), concept.value
        if name and score > 0 and math.isfinite(score) and scores.get(name, (0.0, ""))[0] < score:
            scores[name] = (min(1.0, score), printable_line(concept.id))
    best = sorted(scores.items(), key=lambda one: (-one[1][0], one[0]))[: min(top, MAX_CONCEPTS)]
    return [
        Label(label=name, score=score, rank=rank, label_id=label_id or None)
        for rank, (name, (score, label_id)) in enumerate(best, start=1)
    ]


def region_labels(regions: Iterable[resources_pb2.Region], top: int, orientation: int) -> list[Label]:
    """Labels of a picture's regions, the surest region first, numbered from 1.

    `orientation` is the EXIF orientation of the sent picture: Clarifai's boxes refer to the stored pixels, ours to
    the upright picture. A region without a box or a concept is skipped.
    """
    boxed: list[tuple[float, Box, list[Label]]] = []
    for region in regions:
        box = upright_box(region.region_info.bounding_box, orientation)
        labels = concept_labels(region.data.concepts, top)
        if box is not None and labels:
            boxed.append((labels[0].score, box, labels))
    boxed.sort(key=lambda one: (-one[0], one[1].x0, one[1].y0, one[1].x1, one[1].y1))
    return [
        label._replace(region=number, box=box)
        for number, (_, box, labels) in enumerate(boxed[:MAX_REGIONS], start=1)
        for label in labels
    ]


def upright_box(box: resources_pb2.BoundingBox, orientation: int) -> Box | None:
    """The box in the upright picture, clipped to 0 to 1; None for a box without area."""
    edges = (box.left_col, box.top_row, box.right_col, box.bottom_row)
    if not all(map(math.isfinite, edges)):
        return None
    left, top, right, bottom = (min(1.0, max(0.0, edge)) for edge in edges)
    (x0, y0), (x1, y1) = _turn_upright((left, top), orientation), _turn_upright((right, bottom), orientation)
    x0, x1, y0, y1 = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
    # Checked before turning: a box with swapped edges has no area either.
    return Box(x0, y0, x1, y1) if left < right and top < bottom else None


def _turn_upright(point: Corner, orientation: int) -> Corner:
    """Where a point of the stored picture lies in the upright one (EXIF 2.32, tag 0x0112)."""
    x, y = point
    return {
        2: (1 - x, y),
        3: (1 - x, 1 - y),
        4: (x, 1 - y),
        5: (y, x),
        6: (1 - y, x),
        7: (1 - y, 1 - x),
        8: (y, 1 - x),
    }.get(orientation, point)
