"""From the numbers of a BlazeFace model to boxes: anchors, box decoding, and non-maximum suppression.

The rules are those of MediaPipe's graph (github.com/google-ai-edge/mediapipe, commit c688862,
`mediapipe/modules/face_detection/face_detection.pbtxt`: SsdAnchorsCalculator, TensorsToDetectionsCalculator and
NonMaxSuppressionCalculator). The model is in Bazarevsky et al. 2019 (arXiv 1907.05047).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MAX_LOGIT = 80.0
"""MediaPipe clips at 100, where the exponential of a float32 overflows. The scores are the same."""
MAX_OVERLAP = 0.3
"""Boxes of which the intersection is more of their union show the same face (`min_suppression_threshold`)."""

Floats = NDArray[np.floating]


def make_anchors(side: int, layers: Sequence[tuple[int, int]]) -> NDArray[np.float32]:
    """The centres of the anchors, shape (anchors, 2), as fractions of the model's input of `side` pixels.

    `layers` has the stride in pixels of each grid, and its anchors per cell, which have the same centre and size 1
    (`fixed_anchor_size`, `anchor_offset` 0.5).
    """
    grids = []
    for stride, per_cell in layers:
        cells = side // stride
        centres = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        x, y = np.meshgrid(centres, centres)
        grids.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), per_cell, axis=0))
    return np.concatenate(grids)


def decode_scores(logits: Floats) -> NDArray[np.float32]:
    """The scores, 0 to 1, of the model's logits."""
    scores = 1 / (1 + np.exp(-np.clip(logits, -MAX_LOGIT, MAX_LOGIT)))
    return scores.astype(np.float32)


def decode_boxes(regressors: Floats, anchors: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """The boxes (x0, y0, x1, y1), shape (n, 4), as fractions of the model's input.

    `regressors` has for each anchor the distance of the centre (x, y), width and height in pixels, and then the
    eyes, nose, mouth and ears, which are not read.
    """
    values = regressors[:, :4].astype(np.float32) / side
    centres, halves = values[:, :2] + anchors, values[:, 2:] / 2
    return np.concatenate([centres - halves, centres + halves], axis=1)


def merge_boxes(
    scores: NDArray[np.float32], boxes: NDArray[np.float32]
) -> list[tuple[float, NDArray[np.float32]]]:
    """One score and box for each face, best first, of the candidates with these scores and boxes.

    Weighted non-maximum suppression: the best candidate and those that overlap it become their mean, weighted by
    score, with the best one's score; then the same with the others.
    """
    faces = []
    order = np.argsort(-scores, kind="stable")
    while order.size:
        same = _overlaps(boxes[order[0]], boxes[order]) > MAX_OVERLAP
        same[0] = True  # also a box without an area
        weights = scores[order[same]]
        mean = (boxes[order[same]] * weights[:, np.newaxis]).sum(axis=0) / weights.sum()
        faces.append((float(scores[order[0]]), mean))
        order = order[~same]
    return faces


def _overlaps(box: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of the box with each of the others."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.clip(sides, 0, None).prod(axis=1)
    union = _areas(box[np.newaxis]) + _areas(others) - shared
    ratios: NDArray[np.float32] = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return ratios


def _areas(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    areas: NDArray[np.float32] = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(axis=1)
    return areas
