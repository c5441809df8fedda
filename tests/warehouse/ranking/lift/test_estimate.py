"""What a lift means: ratios within account and time, with reasons where there is no comparison."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from benchmarks.truth.galleries import Plan, make_gallery
from warehouse.ranking.lift.estimate import COLUMNS, REASONS, estimate_adjusted_lifts, estimate_lifts

SEEDS = st.integers(0, 10_000)
MEASURES = ("likes", "comments")
NUMBERS = ("lift", "low", "high", "p", "q")


def small_gallery(seed: int):
    return make_gallery(Plan(accounts=5, posts=300, labels=40, topics=3), seed)


@settings(max_examples=6, deadline=None)
@given(SEEDS, st.integers(2, 1000))
def test_the_size_of_an_account_changes_nothing(seed, factor):
    """All likes of one account times a constant give the same lifts, up to rounding."""
    gallery = small_gallery(seed)
    posts = gallery.posts.with_columns(pl.col("value") * 1_000_000 + 1_000_000)
    larger = posts.with_columns(
        pl.when(pl.col("account") == "2").then(pl.col("value") * factor).otherwise("value").alias("value")
    )
    assert_frame_equal(
        estimate_lifts(posts, gallery.labels).sort("label"),
        estimate_lifts(larger, gallery.labels).sort("label"),
        rel_tol=1e-4,
    )


@settings(max_examples=6, deadline=None)
@given(SEEDS, st.sampled_from(MEASURES))
def test_the_order_of_rows_changes_nothing(seed, measure):
    """Shuffled posts and labels, and a label's row given twice, give the same frame."""
    gallery = small_gallery(seed)
    posts = gallery.posts.sample(fraction=1, shuffle=True, seed=seed)
    labels = gallery.labels.sample(fraction=1, shuffle=True, seed=seed)
    once = estimate_lifts(gallery.posts, gallery.labels, measure=measure)
    again = estimate_lifts(posts, pl.concat((labels, labels.head(5))), measure=measure)
    assert_frame_equal(once, again)


def test_source_and_post_id_identify_a_post(gallery):
    """Posts with the key of the tables give the same frame as posts with a number."""
    posts = gallery.posts.with_columns(post_id=pl.format("p{}", "post"))
    key = posts.select("post", "source", "post_id")
    labels = gallery.labels.join(key, on="post").drop("post")
    assert_frame_equal(
        estimate_lifts(gallery.posts, gallery.labels).sort("label"),
        estimate_lifts(posts.drop("post"), labels).sort("label"),
    )


@pytest.mark.parametrize("scale", [3, 1_000_003, -1])
def test_the_numbers_of_the_posts_do_not_matter(gallery, scale):
    """Posts with large gaps between their numbers, or with negative ones, give the same frame."""
    posts, labels = (one.with_columns(pl.col("post") * scale) for one in (gallery.posts, gallery.labels))
    assert_frame_equal(
        estimate_lifts(gallery.posts, gallery.labels).sort("label"),
        estimate_lifts(posts, labels).sort("label"),
    )


def test_a_frame_has_its_columns_and_order(gallery):
    """Labels with at least 10 posts come first, by their lower end; each row has numbers or a known reason."""
    lifts = estimate_lifts(gallery.posts, gallery.labels)
    assert tuple(lifts.columns) == COLUMNS
    assert set(lifts["label"]) == set(gallery.labels["label"])
    ranked = lifts.filter(pl.col("posts") >= 10, pl.col("low").is_not_null())
    assert ranked["low"].is_sorted(descending=True)
    assert_frame_equal(lifts.head(len(ranked)), ranked)
    assert set(lifts["reason"].drop_nulls()) <= set(REASONS)
    assert lifts.select((pl.col("lift").is_null() == pl.col("reason").is_not_null()).all()).item()
    assert lifts.filter(pl.col("posts") < 5)["q"].null_count() == lifts.filter(pl.col("posts") < 5).height
    assert lifts.select(pl.col("lift").is_between("low", "high").all()).item()


def test_a_label_in_all_posts_has_no_comparison(post_frame, label_frame):
    """The same goes for a label that all posts of one account have and no post of the others."""
    posts = pl.concat((post_frame(list(range(10, 40))), post_frame(list(range(50, 80)), "bob", 30)))
    labels = label_frame(all=list(range(60)), ann=list(range(30)), some=list(range(0, 60, 3)))
    reasons = dict(estimate_lifts(posts, labels).select("label", "reason").iter_rows())
    assert reasons == {"all": "no_others", "ann": "no_others", "some": None}


def test_a_label_in_three_posts_does_not_lead_by_luck(gallery):
    """A label on the three posts with the most likes comes after all labels with ten posts, without a q."""
    best = gallery.posts.drop_nulls("value").sort("value", descending=True).head(3)["post"]
    labels = pl.concat((gallery.labels, pl.DataFrame({"post": best, "label": "lucky"})))
    lifts = estimate_lifts(gallery.posts, labels)
    place = lifts["label"].index_of("lucky")
    assert lifts.head(place)["posts"].min() >= 10 or lifts.head(place)["low"].min() > lifts["low"][place]
    assert lifts["q"][place] is None
    assert (lifts.filter(pl.col("posts") >= 10, pl.col("low").is_not_null())["label"] != "lucky").all()


@pytest.mark.parametrize("measure", MEASURES)
def test_counts_that_are_all_zero_give_no_lift(gallery, measure):
    """Without any variation there are nulls and a reason."""
    lifts = estimate_lifts(gallery.posts.with_columns(value=pl.lit(0)), gallery.labels, measure=measure)
    assert lifts["reason"].null_count() == 0
    assert all(lifts[name].null_count() == len(lifts) for name in NUMBERS)
    assert estimate_adjusted_lifts(gallery.posts.with_columns(value=pl.lit(0)), gallery.labels).is_empty()


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("likes", [1, 3_000_000])
def test_a_single_count_is_no_finding(gallery, likes, measure):
    """Where one post alone has likes, no number is NaN or infinite, and nothing is found."""
    posts = gallery.posts.with_columns(value=pl.when(pl.col("post") == 7).then(likes).otherwise(0))
    lifts = estimate_lifts(posts, gallery.labels, measure=measure)
    numbers = lifts.select(NUMBERS).to_numpy()
    assert np.isfinite(numbers[~np.isnan(numbers)]).all()
    assert not lifts.select(pl.col(NUMBERS).is_nan().any()).row(0).count(True)
    assert lifts.filter(pl.col("q") <= 0.05).is_empty()


def test_posts_without_a_known_count_are_left_out(post_frame, label_frame):
    """They are in no number, and a label that only they have says so."""
    posts = post_frame([5, None, 7, 8, 20, None, 9, 11])
    lifts = estimate_lifts(posts, label_frame(some=[0, 1, 2], hidden=[1, 5], lost=[99]))
    rows = {label: rest for label, *rest in lifts.select("label", "posts", "accounts", "reason").iter_rows()}
    assert rows == {"some": [2, 1, None], "hidden": [0, 0, "no_count"], "lost": [0, 0, "no_count"]}


@pytest.mark.parametrize("measure", MEASURES)
def test_no_posts_and_no_labels_give_empty_frames(gallery, measure):
    """Without posts each label has its reason; without labels the frame is empty."""
    lifts = estimate_lifts(gallery.posts.clear(), gallery.labels, measure=measure)
    assert set(lifts["reason"]) == {"no_count"}
    for posts in (gallery.posts, gallery.posts.clear()):
        assert estimate_lifts(posts, gallery.labels.clear(), measure=measure).is_empty()
        assert estimate_adjusted_lifts(posts, gallery.labels.clear()).is_empty()


def test_a_tiny_second_account_changes_little(gallery, post_frame):
    """An account with three posts beside a large one leaves the intervals as they are."""
    posts = gallery.posts.filter(pl.col("account") == gallery.posts["account"].mode()[0])
    tiny = post_frame([3, 500, 2], "tiny", 10_000).with_columns(
        pl.col("posted_at").cast(posts["posted_at"].dtype)
    )
    both = pl.concat((posts.drop("comments"), tiny))
    labels = pl.concat(
        (gallery.labels, pl.DataFrame({"post": [10_001], "label": [gallery.labels["label"][0]]}))
    )
    alone, beside = (estimate_lifts(one, labels).filter(pl.col("posts") >= 5) for one in (posts, both))
    pairs = alone.join(beside, on="label").drop_nulls("low")
    width, width_beside = (pairs[f"high{end}"].log() - pairs[f"low{end}"].log() for end in ("", "_right"))
    assert (width_beside / width).is_between(0.8, 1.25).all()


def test_posts_without_a_time_or_kind_count(gallery):
    """They are compared inside their account, in the order of their keys."""
    posts = gallery.posts.with_columns(
        posted_at=pl.lit(None, pl.Datetime("us", "UTC")), kind=pl.lit(None, pl.String)
    )
    lifts = estimate_lifts(posts, gallery.labels)
    assert lifts["lift"].null_count() < len(lifts) / 2


def test_a_doubled_count_is_a_lift_of_two(post_frame, label_frame):
    """Where labelled posts have twice the likes of the others, the lift is 2 and a finding."""
    draw = np.random.default_rng(1)
    counts = np.exp(draw.normal(8, 0.3, 400))
    labelled = np.flatnonzero(draw.random(400) < 0.3)
    counts[labelled] *= 2
    posts = pl.concat(
        (post_frame(list(counts[:200].astype(int))), post_frame(list(counts[200:].astype(int)), "bob", 200))
    )
    row = estimate_lifts(posts, label_frame(dog=list(labelled))).row(0, named=True)
    assert row["lift"] == pytest.approx(2, rel=0.1)
    assert row["low"] < 2 < row["high"]
    assert row["q"] < 1e-6
