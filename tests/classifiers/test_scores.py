"""From scores to labels: the best first, ties in the model's order, and nothing that scores 0."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.scores import as_probabilities, top_labels

NAMES = ["ant", "bee", "cat", "dog"]
IDS = ["n0", "n1", None, "n3"]


def top(scores: list[float], count: int) -> list[tuple[int, str, str | None, float]]:
    labels = top_labels(np.array(scores, np.float32), NAMES, IDS, count)
    assert all(label.region == 0 and label.box is None for label in labels)
    return [(label.rank, label.label, label.label_id, label.score) for label in labels]


def test_best_first() -> None:
    """The best classes come first, with their own names, ids and scores."""
    assert top([0.125, 0.5, 0.25, 0.0625], 3) == [
        (1, "bee", "n1", 0.5),
        (2, "cat", None, 0.25),
        (3, "ant", "n0", 0.125),
    ]


def test_ties() -> None:
    """Classes with equal scores keep the model's order."""
    assert [name for _, name, _, _ in top([0.25, 0.25, 0.25, 0.25], 4)] == NAMES


def test_zero_is_no_label() -> None:
    """A class with score 0 is no label, however many were asked for."""
    assert top([0.0, 0.0, 1.0, 0.0], 4) == [(1, "cat", None, 1.0)]
    assert top([0.0, 0.0, 0.0, 0.0], 4) == []


def test_more_than_there_are() -> None:
    """Asked for more classes than the model has, all are given."""
    assert len(top([0.1, 0.2, 0.3, 0.4], 9)) == 4


def test_broken_scores() -> None:
    """A score that is no number is no label."""
    assert top([float("nan"), 0.5, float("nan"), 0.25], 4) == [(1, "bee", "n1", 0.5), (2, "dog", "n3", 0.25)]


@pytest.mark.parametrize("scores", [[0.5, 0.25, 0.125, 0.125], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
def test_probabilities_stay(scores: list[float]) -> None:
    """Scores that are probabilities already stay as they are."""
    assert as_probabilities(np.array(scores, np.float32)).tolist() == scores


@given(st.lists(st.floats(-80, 80, width=32), min_size=4, max_size=4))
def test_any_scores(scores: list[float]) -> None:
    """Whatever a model answers becomes scores from 0 to 1, in the same order."""
    given_scores = np.array(scores, np.float32)
    found = as_probabilities(given_scores)
    assert found.min() >= 0 and found.max() <= 1
    for one in range(4):
        for other in range(4):
            assert found[one] >= found[other] or given_scores[one] < given_scores[other]


def test_before_the_softmax() -> None:
    """A model that ends before its softmax gets one."""
    found = as_probabilities(np.log(np.array([0.5, 0.25, 0.125, 0.125], np.float32)))
    assert found.tolist() == pytest.approx([0.5, 0.25, 0.125, 0.125], abs=1e-6)
