"""The figures of a trained model are those of other libraries, and their intervals have the stated coverage."""

from __future__ import annotations

import numpy as np
import pytest

from tasks.errors import BadInput
from tasks.train.cross_validation import predict_unseen
from tasks.train.quality import auc, auc_interval, count_confusions, measure_class


@pytest.fixture
def shares() -> np.ndarray:
    """Probabilities of two classes for 60 pictures, with ties."""
    yes = np.random.default_rng(4).random(60).round(1)
    return np.stack([1 - yes, yes], axis=1)


def test_figures_are_those_of_scikit_learn_and_statsmodels(shares: np.ndarray) -> None:
    """Precision, recall, AUC and confusions, and the exact intervals of proportions."""
    from sklearn.metrics import confusion_matrix, precision_score, recall_score, roc_auc_score
    from statsmodels.stats.proportion import proportion_confint

    classes = (np.random.default_rng(5).random(60) < shares[:, 1]).astype(int)
    found = shares.argmax(axis=1)
    one = measure_class("x", 1, shares, classes, np.arange(60))
    assert one.precision is not None
    assert one.precision.value == pytest.approx(precision_score(classes, found))
    assert one.recall.value == pytest.approx(recall_score(classes, found))
    assert one.auc.value == pytest.approx(roc_auc_score(classes, shares[:, 1]))
    assert count_confusions(shares, classes).tolist() == confusion_matrix(classes, found).tolist()
    exact = proportion_confint((found & classes).sum(), classes.sum(), method="beta")
    assert (one.recall.low, one.recall.high) == pytest.approx(exact)


def test_copies_do_not_make_an_interval_narrower(shares: np.ndarray) -> None:
    """Every picture ten times is the same evidence."""
    classes = (shares[:, 1] > 0.45).astype(int)
    once = measure_class("x", 1, shares, classes, np.arange(60))
    tenfold = measure_class(
        "x", 1, np.repeat(shares, 10, axis=0), np.repeat(classes, 10), np.repeat(np.arange(60), 10)
    )
    assert (once.recall, once.precision, once.auc) == (tenfold.recall, tenfold.precision, tenfold.auc)


@pytest.mark.parametrize("distance", [0.0, 1.0, 2.5])
def test_the_interval_of_auc_has_its_coverage(distance: float) -> None:
    """On simulated scores the interval holds the true AUC in 95 % of the cases, for few pictures too."""
    from scipy.stats import norm

    random = np.random.default_rng(6)
    true = norm.cdf(distance / np.sqrt(2))
    hits = []
    for _ in range(600):
        own, others = random.normal(distance, 1, 8), random.normal(0, 1, 25)
        estimate = auc_interval(auc(own, others), 8, 25)
        hits.append(estimate.low <= true <= estimate.high)
    assert 0.92 < np.mean(hits) <= 1


def test_pictures_of_too_uneven_scenes_are_refused() -> None:
    """A part that would learn from one scene of a class can't be divided again, to choose its penalty."""
    groups = np.array([5, 5, 6, 5, 4, 6, 5, 2, 1, 5, 5, 5, 2, 5, 2, 5, 4, 5, 5, 5, 5, 0, 1, 5])
    classes = np.zeros(24, int)
    classes[[5, 6, 7, 8, 10, 12, 14, 15, 16, 19, 22, 23]] = 1
    vectors = np.random.default_rng(7).random((24, 3))
    with pytest.raises(BadInput, match="can't be divided"):
        predict_unseen(vectors, classes, groups, 2)
