"""Lifts of kinds, weekdays and hours: least squares with dummies, planted effects and none, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from benchmarks.truth.posting import PLANS, PostingPlan, collect_rows, make_posting
from warehouse.ranking.lift.blocks import cut_blocks
from warehouse.ranking.lift.estimate import estimate_part_lifts
from warehouse.ranking.posting_lifts import (
    DIMENSIONS,
    MIN_HOUR_POSTS,
    estimate_posting_lifts,
    hour_width,
    name_parts,
)

pytestmark = pytest.mark.slow

SEEDS = range(12)
SMALL = {"several": replace(PLANS["three accounts"], accounts=8), "one": PLANS["one account"]}


def with_times(posts: pl.DataFrame) -> pl.DataFrame:
    """The weekday and hour of each post in UTC."""
    time = pl.col("posted_at").dt
    return posts.with_columns(weekday=time.weekday().cast(pl.Int64), hour=time.hour().cast(pl.Int64))


@pytest.fixture(scope="module")
def planted() -> pl.DataFrame:
    """Lifts beside the truth; carousels are mostly posted in the evening and at weekends, which earn too."""
    return pl.concat([row for plan in SMALL.values() for seed in SEEDS for row in collect_rows(plan, seed)])


@pytest.fixture(scope="module")
def nothing() -> pl.DataFrame:
    """The same without any effect."""
    plans = [replace(plan, strength=0.0) for plan in SMALL.values()]
    return pl.concat([row for plan in plans for seed in SEEDS for row in collect_rows(plan, seed)])


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_the_intervals_cover_planted_effects(planted: pl.DataFrame, dimension: str) -> None:
    """About 95 % contain the truth, and the estimates are unbiased although kind and hour are confounded."""
    rows = planted.filter(pl.col("dimension") == dimension, pl.col("low").is_not_null())
    covered = rows.select(pl.col("truth").exp().is_between("low", "high").mean()).item()
    assert 0.9 <= covered <= 1
    assert (
        rows.group_by("label").agg(bias=(pl.col("lift").log() - pl.col("truth")).mean().abs())["bias"].max()
        < 0.08
    )
    assert rows.filter(pl.col("truth").abs() > 0.25).select((pl.col("q") < 0.05).mean()).item() > 0.3


def test_nothing_is_found_without_effects(nothing: pl.DataFrame) -> None:
    """Of 72 families of tests about 5 % may have a discovery, and about 5 % of the intervals leave out 1."""
    known = nothing.drop_nulls("low")
    assert len(known) > 400
    assert 0.92 <= known.select(((pl.col("low") < 1) & (pl.col("high") > 1)).mean()).item() <= 0.99
    found = nothing.filter(pl.col("q") < 0.05)
    assert found.select(pl.struct("dimension", "seed", "accounts").n_unique()).item() <= 10


def test_without_clipping_it_is_least_squares() -> None:
    """Where likes do not spread far, the lift of one part is the coefficient of its dummy beside blocks and the others."""
    draw = np.random.default_rng(1)
    posting = make_posting(PostingPlan(accounts=2, posts=200), 3)
    likes = np.exp(6 + draw.uniform(-0.1, 0.1, 200)).astype(np.int64)
    posts = name_parts(with_times(posting.posts.with_columns(value=likes))).with_columns(
        kind=pl.when(pl.col("kind") == "carousel").then(pl.lit("carousel")).otherwise(pl.lit("image"))
    )
    lifts = estimate_part_lifts(posts, "kind", ["weekday", "hours"])
    blocks = cut_blocks(posts)
    ordered = blocks.keys.join(posts, on="post", maintain_order="left")
    columns = [ordered["kind"] == "carousel", *(np.arange(len(blocks.blocks))[:, None] == blocks.block)]
    columns += [
        ordered[name] == part for name in ("weekday", "hours") for part in ordered[name].unique().sort()[1:]
    ]
    expected = np.linalg.lstsq(np.column_stack(columns).astype(float), np.log1p(blocks.counts), rcond=None)[
        0
    ][0]
    assert np.log(lifts.filter(label="carousel")["lift"][0]) == pytest.approx(expected, abs=2e-3)


def test_parts_that_cannot_be_told_apart_have_no_lift() -> None:
    """Where all carousels, and only they, are posted on Mondays, neither kind nor Monday has one."""
    at = [datetime(2026, 1, 1) + timedelta(days=day, hours=3 * (day % 5)) for day in range(90)]
    monday = [one.weekday() == 0 for one in at]
    posts = pl.DataFrame(
        {
            "post": range(90),
            "source": "s",
            "account": "a",
            "posted_at": at,
            "kind": ["carousel" if one else "image" for one in monday],
            "value": [100 + 7 * (day % 11) + 80 * monday[day] for day in range(90)],
        }
    )
    lifts = estimate_posting_lifts(with_times(posts))
    reasons = {row["label"]: row["reason"] for row in lifts.iter_rows(named=True)}
    assert reasons["carousel"] == reasons["image"] == reasons["monday"] == "inseparable"
    assert reasons["tuesday"] is None


def test_few_posts_have_wide_parts_of_the_day() -> None:
    """The number of posts alone decides, and a dimension with one part is left out."""
    assert [hour_width(posts) for posts in (0, 12 * MIN_HOUR_POSTS - 1, 12 * MIN_HOUR_POSTS)] == [6, 3, 2]
    posts = make_posting(PostingPlan(accounts=1, posts=60), 1).posts.with_columns(kind=pl.lit("image"))
    lifts = estimate_posting_lifts(with_times(posts))
    assert set(lifts["dimension"]) == {"weekday", "hours"}
    assert lifts.filter(dimension="hours")["label"].to_list() == ["0-6", "6-12", "12-18", "18-24"]
    assert estimate_posting_lifts(with_times(posts.clear())).is_empty()
