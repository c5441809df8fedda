"""Lifts of shares of comments: what they compare, and that their intervals hold the truth on simulated galleries."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from benchmarks.truth.comment_shares import MEASURES, PLANS, collect_rows, describe, without_effects
from warehouse.ranking.lift.estimate import estimate_lifts

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outcomes() -> dict[str, pl.DataFrame]:
    """Three accounts with 1,500 posts together, four seeds for each measure."""
    return {measure: collect_rows(PLANS["three accounts"], measure, range(4)) for measure in MEASURES}


@pytest.mark.parametrize("measure", MEASURES)
def test_the_intervals_cover_the_truth(outcomes, measure):
    """About 95 % of the intervals do; `python -m benchmarks.truth.comment_shares` has the complete table."""
    rows = outcomes[measure]
    assert len(rows) > 100
    assert rows.select(pl.col("truth").is_between("low", "high").mean()).item() > 0.92
    assert (
        rows.filter(pl.col("posts") >= 30).select((pl.col("lift") - pl.col("truth")).mean().abs()).item()
        < 0.1
    )
    assert len(describe(rows).split()) == 8


def test_nothing_is_found_where_there_is_nothing():
    """Galleries without effects have no discovery, with rare exceptions."""
    plan = without_effects(PLANS["three accounts"])
    rows = pl.concat(
        [collect_rows(plan, measure, [9]).with_columns(of=pl.lit(measure)) for measure in MEASURES]
    )
    assert rows.filter(pl.col("q") <= 0.05)["of"].n_unique() <= 1


@pytest.fixture
def asking(post_frame, label_frame):
    """Two accounts; a tenth of the comments asks, and a fifth of those under posts with the label dog."""
    draw = np.random.default_rng(5)
    labelled = draw.random(1_200) < 0.3
    comments = draw.poisson(draw.gamma(1, 12, 1_200))
    counts = list(draw.binomial(comments, np.where(labelled, 0.2, 0.1)))
    posts = pl.concat((post_frame(counts[:600]), post_frame(counts[600:], "bob", 600)))
    rare = list(range(0, 60, 6))
    return posts.with_columns(offset=comments), label_frame(
        dog=list(np.flatnonzero(labelled)), rare=rare, few=[1, 2]
    )


def test_the_ratio_of_shares_is_found(asking):
    """It is 2, whatever the numbers of comments are; two posts are too few, and posts without comments are no posts."""
    posts, labels = asking
    many = posts.with_columns(offset=pl.col("offset") * 1_000)
    for offsets in (posts, many):
        lifts = estimate_lifts(offsets, labels, measure="rate")
        row = lifts.row(0, named=True)
        assert row["label"] == "dog"
        assert 1.7 < row["low"] < 2 < row["high"] < 2.3
        assert (
            row["posts"]
            == labels.filter(label="dog").join(posts.filter(pl.col("offset") > 0), on="post").height
        )
        assert lifts.filter(label="few")["reason"].item() == "few_counts"


def test_a_post_with_thousands_of_comments_does_not_decide_alone(asking):
    """One quarrel is one post: where 3,000 comments under one post of ten all ask, the label is no finding."""
    posts, labels = asking
    quarrel = pl.when(pl.col("post") == 6)
    loud = posts.with_columns(
        value=quarrel.then(3_000).otherwise("value"), offset=quarrel.then(3_000).otherwise("offset")
    )
    row = estimate_lifts(loud, labels, measure="rate").filter(label="rare").row(0, named=True)
    assert row["low"] is None or row["low"] < 1
    assert row["q"] is None or row["q"] > 0.05


@pytest.mark.parametrize(
    ("value", "reason"), [(0, {"few_counts", "no_variation"}), (1, {None, "few_counts"})]
)
def test_extreme_shares_have_no_nonsense(asking, value, reason):
    """Where nobody asks there is no lift; where everybody does, no number is NaN or infinite, and nothing is found."""
    posts, labels = asking
    lifts = estimate_lifts(posts.with_columns(value=pl.col("offset") * value), labels, measure="rate")
    assert set(lifts["reason"]) <= reason
    numbers = lifts.select("lift", "low", "high").drop_nulls()
    assert numbers.select(pl.all().is_finite().all()).row(0) == (True, True, True)
    assert lifts.filter(pl.col("q") < 0.05).is_empty()
