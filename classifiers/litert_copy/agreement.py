"""Whether two lists of labels are the same to rounding."""

from __future__ import annotations

from collections.abc import Sequence

from classifiers.protocol import Label

TOLERANCES = {"float32": 0.001, "bfloat16": 0.05}
"""How much a score may differ, by the precision of the Keras model. A copy computes in float32."""


def tolerance_of(version: str) -> float:
    """The tolerance for a Keras classifier's version, which names its precision unless that is float32."""
    return TOLERANCES["bfloat16" if "-bfloat16-" in version else "float32"]


def agree(one: Sequence[Label], other: Sequence[Label], top: int, min_score: float, tolerance: float) -> bool:
    """Whether both have the same labels, and scores differ by at most `tolerance`.

    A label may be in one list only if its score is so near the other's last one, or `min_score`, that rounding decides.
    """
    left, right = _scores(one), _scores(other)
    if any(abs(left[name] - right[name]) > tolerance for name in left.keys() & right.keys()):
        return False
    return _explained(left, right, other, top, min_score + tolerance, tolerance) and _explained(
        right, left, one, top, min_score + tolerance, tolerance
    )


def _explained(
    scores: dict[str, float],
    others: dict[str, float],
    labels: Sequence[Label],
    top: int,
    least: float,
    tolerance: float,
) -> bool:
    limit = min(label.score for label in labels) + tolerance if len(labels) >= top else least
    return all(score <= limit for name, score in scores.items() if name not in others)


def _scores(labels: Sequence[Label]) -> dict[str, float]:
    """The best score of each label: two classes of a model may have one name."""
    scores: dict[str, float] = {}
    for label in labels:
        scores[label.label] = max(label.score, scores.get(label.label, 0.0))
    return scores
