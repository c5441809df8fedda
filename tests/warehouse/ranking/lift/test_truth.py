"""The intervals hold the truth on simulated galleries: the short form of `python -m benchmarks.truth`."""

from __future__ import annotations

import polars as pl
import pytest

from benchmarks.truth.figures import compute_figures
from benchmarks.truth.galleries import Plan
from benchmarks.truth.outcomes import collect_outcomes

pytestmark = pytest.mark.slow

SEEDS = range(4)
SHORT = Plan(accounts=40, posts=6_000, labels=900)


@pytest.fixture(scope="module")
def outcomes() -> pl.DataFrame:
    """The outcomes of a few seeds with smaller galleries."""
    return pl.concat([collect_outcomes(SHORT, seed) for seed in SEEDS])


@pytest.mark.parametrize(
    ("scenario", "least", "most"),
    [
        ("standard", 0.94, 0.97),
        ("no effects", 0.94, 0.97),
        ("independent", 0.94, 0.97),
        ("one account", 0.93, 0.975),
        ("three accounts", 0.93, 0.985),
        ("joint", 0.91, 0.98),
    ],
)
def test_the_intervals_cover_the_truth(outcomes, scenario, least, most):
    """About 95 % of the intervals of labels with at least 5 posts do."""
    rows = outcomes.filter(pl.col("scenario") == scenario, pl.col("posts") >= 5, pl.col("truth").is_not_nan())
    assert len(rows) > 300
    assert least < rows.select(pl.col("truth").is_between("low", "high").mean()).item() < most


def test_estimates_are_unbiased(outcomes):
    """The mean error is near 0."""
    rows = outcomes.filter(
        pl.col("scenario") == "standard", pl.col("posts") >= 10, pl.col("truth").is_not_nan()
    )
    assert abs(rows.select((pl.col("lift") - pl.col("truth")).mean()).item()) < 0.02


def test_nothing_is_found_where_there_is_nothing(outcomes):
    """Galleries without effects have no discoveries, and the others have."""
    found = outcomes.filter(pl.col("q") <= 0.05)
    assert found.filter(pl.col("scenario") == "no effects")["seed"].n_unique() <= 1
    assert found.filter(pl.col("scenario") == "standard", pl.col("truth").abs() > 0.1).height > 40


def test_the_top_ten_have_an_effect(outcomes):
    """Labels whose lower end is best have a true lift, with rare exceptions."""
    top = outcomes.filter(pl.col("scenario") == "standard", pl.col("posts") >= 10)
    top = top.sort("low", descending=True).group_by("seed").head(10)
    assert top["truth"].mean() > 0.4
    assert (top["truth"] > 0).mean() > 0.9


def test_the_table_has_all_figures(outcomes):
    """The benchmark prints every figure, with what it must reach."""
    figures = compute_figures(outcomes)
    assert len(figures) > 25
    assert all(figure.required for figure in figures)
