"""The ratio of means measures small counts, where log(1 + count) would shrink the ratio."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from warehouse.ranking.lift.estimate import estimate_lifts


@pytest.fixture
def few_comments(post_frame, label_frame):
    """Two accounts, most posts without a comment; posts with the label have twice as many on average."""
    draw = np.random.default_rng(5)
    labelled = draw.random(6_000) < 0.3
    counts = draw.poisson(np.where(labelled, 0.8, 0.4) * draw.gamma(2, 0.5, 6_000))
    posts = pl.concat((post_frame(list(counts[:3_000])), post_frame(list(counts[3_000:]), "bob", 3_000)))
    return posts, label_frame(dog=list(np.flatnonzero(labelled)), rare=list(range(0, 60, 3)), few=[1, 2])


def test_the_ratio_of_means_is_found(few_comments):
    """With 60 % zeros the ratio of 2 is inside an interval that excludes 1.6; the log of 1 + count misses it."""
    row = estimate_lifts(*few_comments, measure="comments").row(0, named=True)
    assert row["label"] == "dog"
    assert 1.6 < row["low"] < 2 < row["high"] < 2.4
    shrunk = estimate_lifts(*few_comments).filter(pl.col("label") == "dog").row(0, named=True)
    assert shrunk["high"] < 1.6


def test_a_label_needs_ten_posts_and_ten_comments(few_comments):
    """A label with fewer has a reason and no number."""
    lifts = estimate_lifts(*few_comments, measure="shares")
    assert dict(lifts.select("label", "reason").iter_rows()) == {
        "dog": None,
        "rare": None,
        "few": "few_counts",
    }
    quiet = few_comments[0].with_columns(value=pl.when(pl.col("post") < 60).then(0).otherwise("value"))
    lifts = estimate_lifts(quiet, few_comments[1], measure="comments")
    assert lifts.filter(pl.col("label") == "rare")["reason"].item() == "few_counts"


def test_one_viral_post_does_not_make_a_finding(few_comments):
    """A post with 100,000 comments is capped."""
    posts = few_comments[0].with_columns(value=pl.when(pl.col("post") == 3).then(100_000).otherwise("value"))
    lifts = estimate_lifts(posts, few_comments[1], measure="comments")
    assert lifts.filter(pl.col("label") == "rare")["low"].item() < 1
