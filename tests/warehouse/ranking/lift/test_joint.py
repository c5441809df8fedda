"""The joint fit finds which of two labels that come together earns."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from benchmarks.truth.galleries import Plan, make_gallery
from warehouse.ranking.lift.estimate import COLUMNS, estimate_adjusted_lifts, estimate_lifts


@pytest.fixture(scope="module")
def companions():
    """A gallery without effects, but for the label `dog`; `leash` comes on most of its posts."""
    gallery = make_gallery(Plan(accounts=10, posts=2_000, labels=100, topics=5, effects=0.0), 3)
    draw = np.random.default_rng(3)
    dog = draw.random(len(gallery.posts)) < 0.15
    leash = dog & (draw.random(len(dog)) < 0.7) | (draw.random(len(dog)) < 0.03)
    posts = gallery.posts.with_columns(
        value=(pl.col("value") * pl.Series(np.where(dog, 1.8, 1.0))).cast(pl.Int64)
    )
    extra = [
        pl.DataFrame({"post": np.flatnonzero(has), "label": name})
        for name, has in (("dog", dog), ("leash", leash))
    ]
    return posts, pl.concat((gallery.labels, *extra))


def test_only_the_label_that_earns_is_found(companions):
    """Alone both labels have a lift; together only the dog has."""
    alone = {row["label"]: row for row in estimate_lifts(*companions).iter_rows(named=True)}
    joint = {row["label"]: row for row in estimate_adjusted_lifts(*companions).iter_rows(named=True)}
    assert alone["dog"]["q"] < 0.01
    assert alone["leash"]["q"] < 0.01
    assert joint["dog"]["lift"] == pytest.approx(1.8, rel=0.2)
    assert joint["dog"]["q"] < 0.01
    assert joint["leash"]["low"] < 1 < joint["leash"]["high"]


def test_the_frame_has_the_frequent_labels(companions):
    """Labels with fewer posts than the minimum are not in it, and at most the given number of labels is."""
    joint = estimate_adjusted_lifts(*companions)
    assert tuple(joint.columns) == COLUMNS
    assert joint["posts"].min() >= 30
    few = estimate_adjusted_lifts(*companions, most=5)
    assert len(few) == 5
    assert few["posts"].min() >= joint["posts"].sort(descending=True)[4]


def test_labels_that_always_come_together_are_inseparable(companions):
    """They have no number and say so; the others are not disturbed."""
    posts, labels = companions
    twin = labels.filter(pl.col("label") == "dog").with_columns(label=pl.lit("hound"))
    joint = estimate_adjusted_lifts(posts, pl.concat((labels, twin)))
    twins = joint.filter(pl.col("label").is_in(["dog", "hound"]))
    assert twins["reason"].to_list() == ["inseparable"] * 2
    assert twins["lift"].null_count() == 2
    assert joint["lift"].null_count() == 2


def test_one_account_is_enough(companions):
    """With one account its blocks are the clusters."""
    posts, labels = companions
    largest = posts["account"].value_counts(sort=True)["account"][0]
    joint = estimate_adjusted_lifts(posts.filter(pl.col("account") == largest), labels, min_posts=10)
    assert joint.filter(pl.col("label") == "dog")["low"].null_count() == 0
