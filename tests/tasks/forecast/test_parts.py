"""The parts of a forecast against references: ridge and trees against scikit-learn, intervals and skill against counting."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from tasks.forecast.boosting import fit_boosting, read_trees
from tasks.forecast.conformal import fit_interval
from tasks.forecast.design import Columns
from tasks.forecast.evaluation import (
    correlate_within_accounts,
    find_clusters,
    measure_coverage,
    measure_skill,
)
from tasks.forecast.ridge import ALPHA, find_scaling, label_deviations, solve, sum_products

DRAW = np.random.default_rng(5)


@pytest.fixture(scope="module")
def columns() -> Columns:
    dense = DRAW.normal(3, 2, (400, 6)).astype(np.float32)
    return Columns(dense, csr_matrix((DRAW.random((400, 20)) < 0.2).astype(np.float32)))


@pytest.fixture(scope="module")
def target(columns: Columns) -> np.ndarray:
    return (
        columns.dense[:, 0] * 0.3
        + np.asarray(columns.labels[:, 0].todense()).ravel()
        + DRAW.normal(0, 1, 400)
    )


def test_ridge_is_that_of_scikit_learn(columns: Columns, target: np.ndarray) -> None:
    """With all columns, and with the dense ones alone; sums of two halves are those of all."""
    from sklearn.linear_model import Ridge as Reference  # seconds, which each worker would pay

    scaling, every = find_scaling(columns.dense), np.ones(400, bool)
    half = np.arange(400) < 150
    sums = sum_products(columns, target, scaling, half) + sum_products(columns, target, scaling, ~half)
    scaled = (columns.dense - columns.dense.mean(axis=0, dtype=float)) / columns.dense.std(
        axis=0, dtype=float
    )
    full = np.hstack([scaled, columns.labels.toarray()])
    for used, data in ((27, full), (7, scaled)):
        expected = Reference(alpha=ALPHA).fit(data, target).predict(data)
        np.testing.assert_allclose(solve(sums, 7, used).predict(scaling, columns), expected, atol=1e-8)
    left = sums - sum_products(columns, target, scaling, half)
    np.testing.assert_allclose(
        left.products, sum_products(columns, target, scaling, every & ~half).products, atol=1e-8
    )


def test_deviations_are_those_of_the_posterior(columns: Columns, target: np.ndarray) -> None:
    """The diagonal of the inverse of the penalised products, times the variance of the noise."""
    sums = sum_products(columns, target, find_scaling(columns.dense), np.ones(400, bool))
    penalty = np.diag([0.0] + [ALPHA] * 26)
    expected = 0.7 * np.sqrt(np.diag(np.linalg.inv(sums.products + penalty))[7:])
    np.testing.assert_allclose(label_deviations(sums, 7, 0.7), expected)


@pytest.mark.slow
def test_trees_forecast_as_scikit_learn_does(columns: Columns, target: np.ndarray) -> None:
    """The arrays give the same forecasts, for posts of the training and for others, also at thresholds and without splits."""
    model = fit_boosting(columns.dense, target)
    others = np.vstack(
        [columns.dense, DRAW.normal(0, 9, (300, 6)), model._predictors[0][0].nodes["num_threshold"][:6][None]]
    )
    np.testing.assert_allclose(read_trees(model).predict(others), model.predict(others), rtol=1e-12)
    constant = fit_boosting(columns.dense[:30], target[:30])
    np.testing.assert_allclose(read_trees(constant).predict(others), constant.predict(others))


@pytest.mark.slow
@pytest.mark.parametrize("number", [9, 10, 50, 199])
def test_an_interval_covers_four_fifths(number: int) -> None:
    """Of new errors like the old ones at least 80 % are inside, and not many more."""
    inside = []
    for _ in range(4_000):
        errors = DRAW.standard_t(4, number + 1)
        interval = fit_interval(errors[:-1])
        inside.append(interval.low <= errors[-1] <= interval.high)
    expected = 1 - 2 * ((number + 1) // 10) / (number + 1)
    assert abs(np.mean(inside) - expected) < 0.025
    with pytest.raises(ValueError, match="8 errors"):
        fit_interval(np.arange(8.0))


def test_skill_has_an_interval_over_accounts() -> None:
    """Errors of half the size have skill .5; with few accounts the weeks of each are the clusters, then the days."""
    account, posted_at = np.repeat(np.arange(30), 20), np.tile(np.arange(20) * 86_400, 30)
    errors = DRAW.normal(0, 1, 600)
    skill = measure_skill(errors / 2, errors, account, posted_at)
    assert (skill.value, skill.low, skill.high, skill.clusters) == pytest.approx((0.5, 0.5, 0.5, 30))
    noise = measure_skill(errors, DRAW.permutation(errors), account, posted_at)
    assert noise.low < 0 < noise.high
    assert len(np.unique(find_clusters(account % 5, posted_at))) == 5 * 3
    assert len(np.unique(find_clusters(account % 2, posted_at))) == 2 * 20


def test_coverage_and_correlation_are_of_accounts() -> None:
    """One account of ten has no post inside; a forecast of levels alone has no correlation inside accounts."""
    account = np.repeat(np.arange(10), 40)
    covered, worst = measure_coverage(account > 0, account)
    assert (covered, worst) == (0.9, 0.0)
    within = DRAW.normal(0, 1, 400)
    assert correlate_within_accounts(account + within, account * 9 + within, account) == pytest.approx(1)
    assert correlate_within_accounts(account * 1.0, account + within, account) is None
