"""From scores to labels: best first, ties in the model's order, and no label with score 0."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.scores import Classes, to_probabilities

NAMES = ["ant", "bee", "cat", "dog"]
IDS = ["n0", "n1", None, "n3"]


def top(scores: list[float], count: int) -> list[tuple[int, str, str | None, float]]:
    [labels] = Classes(NAMES, IDS, count).labels(np.array([scores], np.float32))
    assert all(label.region == 0 and label.box is None for label in labels)
    return [(label.rank, label.label, label.label_id, label.score) for label in labels]


def test_the_best_classes_come_first() -> None:
    """The best classes come first, with their names, ids and scores."""
    assert top([0.125, 0.5, 0.25, 0.0625], 3) == [
        (1, "bee", "n1", 0.5),
        (2, "cat", None, 0.25),
        (3, "ant", "n0", 0.125),
    ]


def test_equal_scores_keep_the_models_order() -> None:
    """Classes with equal scores keep the model's order."""
    assert [name for _, name, _, _ in top([0.25, 0.25, 0.25, 0.25], 4)] == NAMES


def test_a_score_of_zero_gives_no_label() -> None:
    """A class with score 0 is no label, however large `top` is."""
    assert top([0.0, 0.0, 1.0, 0.0], 4) == [(1, "cat", None, 1.0)]
    assert top([0.0, 0.0, 0.0, 0.0], 4) == []


def test_top_may_exceed_the_number_of_classes() -> None:
    """With a `top` above the number of classes, all become labels."""
    assert len(top([0.1, 0.2, 0.3, 0.4], 9)) == 4


def test_a_score_that_is_not_a_number_gives_no_label() -> None:
    """A class whose score is nan is no label."""
    assert top([float("nan"), 0.5, float("nan"), 0.25], 4) == [(1, "bee", "n1", 0.5), (2, "dog", "n3", 0.25)]


@pytest.mark.parametrize("scores", [[0.5, 0.25, 0.125, 0.125], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
def test_probabilities_are_not_changed(scores: list[float]) -> None:
    """Scores that are already probabilities are not changed."""
    assert to_probabilities(np.array([scores], np.float32)).tolist() == [scores]


@given(st.lists(st.floats(-80, 80, width=32), min_size=4, max_size=4))
def test_any_scores_become_probabilities_in_the_same_order(scores: list[float]) -> None:
    """Any output of a model becomes scores from 0 to 1, in the same order."""
    given_scores = np.array(scores, np.float32)
    found = to_probabilities(given_scores[np.newaxis])[0]
    assert found.min() >= 0 and found.max() <= 1
    for one in range(4):
        for other in range(4):
            assert found[one] >= found[other] or given_scores[one] < given_scores[other]


def test_softmax_is_applied_to_a_model_that_ends_before_it() -> None:
    """The logarithms of probabilities become these probabilities."""
    found = to_probabilities(np.log(np.array([[0.5, 0.25, 0.125, 0.125]], np.float32)))
    assert found[0].tolist() == pytest.approx([0.5, 0.25, 0.125, 0.125], abs=1e-6)


@given(
    st.lists(st.lists(st.sampled_from([0.0, 0.1, 0.2, 0.5]), min_size=4, max_size=4), min_size=1, max_size=5)
)
def test_a_batch_gives_each_picture_the_labels_of_a_stable_sort(scores: list[list[float]]) -> None:
    """Each picture of a batch gets the classes that a stable sort puts first, whatever the others have."""
    given_scores = np.array(scores, np.float32)
    best = np.argsort(-given_scores, axis=1, kind="stable")[:, :3]
    expected = [
        [NAMES[index] for index in indices if row[index] > 0]
        for row, indices in zip(given_scores, best, strict=True)
    ]
    found = Classes(NAMES, IDS, 3).labels(given_scores)
    assert [[label.label for label in labels] for labels in found] == expected


def test_softmax_is_applied_to_some_pictures_of_a_batch() -> None:
    """One picture's scores above 1 do not change the scores of another."""
    found = to_probabilities(np.array([[0.5, 0.25, 0.125, 0.125], [3.0, 3.0, 3.0, 3.0]], np.float32))
    assert found.tolist() == [[0.5, 0.25, 0.125, 0.125], [0.25, 0.25, 0.25, 0.25]]


@pytest.mark.parametrize("multi_label", [False, True])
def test_a_gpu_finds_the_same_classes(keras: Any, multi_label: bool) -> None:
    """What is compiled for a GPU gives the order, the ties, the softmax and the limits that NumPy gives."""
    random = np.random.default_rng(4)
    scores = random.random((6, 50), np.float32) / 30
    scores[1] = random.random(50) if multi_label else random.normal(size=50) * 4
    scores[2, ::2] = 0.01
    scores[3] = 0.0
    scores[4, 5:9] = np.nan
    classes = Classes([str(number) for number in range(50)], [None] * 50, 5, multi_label=multi_label)
    expected = classes.find_best(scores)
    outputs = classes.find_best_on_device(keras.ops.convert_to_tensor(scores))
    best, indices, low, high = (keras.ops.convert_to_numpy(one) for one in outputs)
    assert indices.tolist() == expected.indices.tolist()
    assert best == pytest.approx(expected.scores, rel=1e-5)
    classes.require_probabilities(low, high)
    assert (low[0], high[0]) == (scores[0].min(), scores[0].max())
