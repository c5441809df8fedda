"""Without clipping the estimate is least squares with a dummy for each block, as statsmodels and SQL compute it."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import numpy as np
import pytest

from warehouse.ranking.lift.blocks import cut_blocks
from warehouse.ranking.lift.effects import estimate_effects
from warehouse.ranking.lift.estimate import estimate_lifts
from warehouse.ranking.lift.inference import correct_p
from warehouse.ranking.lift.joint import choose_labels, estimate_joint_effects
from warehouse.ranking.lift.label_rows import number_labels
from warehouse.ranking.lift.residuals import fit_residuals
from warehouse.ranking.lift.variance import Components, moderate

pytestmark = pytest.mark.slow

LEAST_SQUARES = """
    with numbered as (
        select *, ln(1 + value) as y, count(*) over (partition by source, account) as n,
               row_number() over (partition by source, account order by posted_at, post) - 1 as i
        from posts where value is not null),
    blocked as (select *, i * greatest(1, (2 * n + 20) // 40) // n as block from numbered),
    blocks as (select source, account, block, count(*) as n, sum(y) as total from blocked group by all),
    cells as (
        select label, source, account, block, count(*) as n1, sum(y) as with_label
        from labels join blocked using (post) group by all)
    select label, sum(n1 * (n - n1) / n * (with_label / n1 - (total - with_label) / (n - n1)))
                  / sum(n1 * (n - n1) / n) as effect
    from cells join blocks using (source, account, block) where n1 < n group by label order by label"""


@pytest.fixture(scope="module")
def parts(gallery):
    """The blocks, the rows of labels, the residuals and the effects, without clipping."""
    blocks = cut_blocks(gallery.posts)
    rows = number_labels(gallery.labels, blocks)
    residuals = fit_residuals(blocks, np.inf)
    return blocks, rows, residuals, estimate_effects(blocks, residuals, rows)


def dummies(blocks) -> np.ndarray:
    return (blocks.block[:, None] == np.arange(len(blocks.blocks))).astype(float)


def has_label(blocks, rows, label: int) -> np.ndarray:
    return np.isin(np.arange(len(blocks.counts)), rows.post[rows.label == label]).astype(float)


@pytest.fixture(scope="module")
def least_squares():
    """The model OLS of statsmodels. It is imported here, because each worker imports the modules of all tests."""
    from statsmodels.api import OLS

    return OLS


def test_residuals_are_those_of_statsmodels(parts, least_squares):
    """Coefficients of the covariates and residuals equal ordinary least squares with block dummies."""
    blocks, _, residuals, _ = parts
    fitted = least_squares(
        np.log1p(blocks.counts), np.column_stack((blocks.covariates, dummies(blocks)))
    ).fit()
    assert np.allclose(residuals.coefficients, fitted.params[:5], atol=1e-9)
    assert np.allclose(residuals.values, fitted.resid, atol=1e-9)


def test_effects_are_those_of_statsmodels(parts, least_squares):
    """A label's effect equals its coefficient beside block dummies (every eighth label)."""
    blocks, rows, residuals, effects = parts
    for label in np.flatnonzero(~np.isnan(effects.values))[::8]:
        regressors = np.column_stack((has_label(blocks, rows, label), dummies(blocks)))
        assert effects.values[label] == pytest.approx(
            least_squares(residuals.values, regressors).fit().params[0], abs=1e-9
        )


def test_joint_effects_are_those_of_statsmodels(parts, least_squares):
    """The joint effects equal the coefficients beside each other, the covariates and block dummies."""
    blocks, rows, residuals, _ = parts
    chosen = choose_labels(blocks, rows, min_posts=30)
    joint = estimate_joint_effects(blocks, residuals, rows, chosen, np.inf)
    columns = [has_label(blocks, rows, label) for label in chosen]
    regressors = np.column_stack((*columns, blocks.covariates, dummies(blocks)))
    fitted = least_squares(np.log1p(blocks.counts), regressors).fit()
    assert len(chosen) > 5
    assert np.allclose(joint.values, fitted.params[: len(chosen)], atol=1e-7)


def test_effects_are_those_of_sql(gallery):
    """Without clipping and covariates, SQL over the raw counts gives the same effects."""
    lifts = estimate_lifts(gallery.posts, gallery.labels, clip=np.inf, covariates=False)
    with duckdb.connect() as database:
        database.register("posts", gallery.posts)
        database.register("labels", gallery.labels)
        expected = database.sql(LEAST_SQUARES).pl()
    both = lifts.join(expected, on="label").drop_nulls("lift")
    assert len(both) > 50
    assert np.allclose(both["lift"].log(), both["effect"], atol=1e-9)


def test_the_own_variance_is_cr2(parts):
    """Without the shared variance it equals Bell and McCaffrey's, with its matrices written out."""
    blocks, rows, residuals, effects = parts
    own = moderate(effects.cells, len(rows.names), Components(1, 0), prior_freedom=0)
    label = int(np.argmax(rows.counts()))
    x = has_label(blocks, rows, label)
    x -= blocks.blocks.spread(blocks.blocks.mean(x))
    total, meat = x @ x, 0.0
    left = residuals.values - effects.values[label] * x
    for account in range(len(blocks.accounts)):
        own_x, own_left = x[blocks.account == account], left[blocks.account == account]
        projection = np.eye(len(own_x)) - np.outer(own_x, own_x) / total
        values, vectors = np.linalg.eigh(projection)
        root = vectors @ np.diag(values**-0.5) @ vectors.T
        meat += (own_x @ root @ own_left) ** 2
    assert own.variance[label] == pytest.approx(meat / total**2, rel=1e-9)


def test_q_is_that_of_scipy():
    """The correction equals SciPy's Benjamini and Hochberg, over the tested labels alone."""
    from scipy.stats import false_discovery_control

    p = np.random.default_rng(1).random(50) ** 3
    tested = np.arange(50) % 3 > 0
    q = correct_p(p, tested)
    assert np.allclose(q[tested], false_discovery_control(p[tested]))
    assert np.isnan(q[~tested]).all()


def test_chunks_do_not_change_the_result(parts, monkeypatch):
    """Labels that are processed in many chunks have the same effects and cells."""
    blocks, rows, residuals, effects = parts
    monkeypatch.setattr("warehouse.ranking.lift.label_rows.CHUNK_ROWS", 100)
    again = estimate_effects(blocks, residuals, replace(rows))
    assert np.allclose(again.values, effects.values, equal_nan=True, atol=1e-12)
    assert np.allclose(again.cells.score, effects.cells.score, atol=1e-12)
