"""Pairs of labels that come together are labels of their own."""

from __future__ import annotations

from itertools import combinations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.ranking.lift.estimate import estimate_lifts
from warehouse.ranking.lift.pairs import pair_labels

POSTS = st.dictionaries(st.integers(0, 9), st.sets(st.sampled_from("abcde")), max_size=10)


@settings(deadline=None)
@given(POSTS, st.integers(1, 4))
def test_pairs_are_those_of_a_loop(posts, min_posts):
    """Each post has all pairs of its labels that enough posts have, with names in alphabetical order."""
    rows = [(post, label) for post, labels in posts.items() for label in labels]
    labels = pl.DataFrame(rows, schema={"post": pl.Int64, "label": pl.String}, orient="row")
    every = [(post, " + ".join(pair)) for post, of in posts.items() for pair in combinations(sorted(of), 2)]
    names = [name for _, name in every]
    expected = sorted((post, name) for post, name in every if names.count(name) >= min_posts)
    assert sorted(pair_labels(labels, min_posts).rows()) == expected


@pytest.mark.parametrize("key", [["post"], ["source", "post_id"]])
def test_pairs_can_be_estimated_beside_the_labels(gallery, key):
    """Concatenated to the labels, pairs have lifts."""
    posts = gallery.posts.with_columns(post_id=pl.col("post").cast(pl.String))
    labels = gallery.labels.join(posts.select("post", "source", "post_id"), on="post").select(*key, "label")
    if "post" not in key:
        posts = posts.drop("post")
    pairs = pair_labels(labels)
    lifts = estimate_lifts(posts, pl.concat((labels, pairs)))
    assert len(pairs) > 100
    assert lifts.filter(pl.col("label").str.contains("+", literal=True))["lift"].count() > 10
