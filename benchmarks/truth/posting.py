"""Simulated accounts whose kinds, weekdays and hours have known effects, and how true their lifts are.

Carousels are posted in the evening and at weekends more often than others, so that an estimate that does not hold the
other two equal is wrong. `.venv/bin/python -m benchmarks.truth.posting --galleries 200` prints the figures.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from benchmarks.truth.galleries import BEGIN, KINDS, Floats, Ints
from warehouse.ranking.lift.blocks import cut_blocks
from warehouse.ranking.posting_lifts import DIMENSIONS, estimate_posting_lifts, name_parts

DAYS = 365
KIND_EFFECTS = np.array([0.0, 0.3, -0.25])
DAY_EFFECTS = np.array([0.0, 0.0, 0.0, 0.0, 0.1, 0.25, 0.2])
EVENING, EVENING_EFFECT = (18, 22), 0.3
"""Hours from and until which posts earn more."""


@dataclass(frozen=True, slots=True)
class PostingPlan:
    """What the accounts are like. `strength` multiplies all effects, `account_sd` is how much accounts differ in them."""

    accounts: int = 20
    posts: int = 4_000
    strength: float = 1.0
    account_sd: float = 0.1


PLANS = {
    "twenty accounts": PostingPlan(),
    "three accounts": PostingPlan(accounts=3, posts=1_200),
    "one account": PostingPlan(accounts=1, posts=500, account_sd=0.0),
    "one account, 40 posts": PostingPlan(accounts=1, posts=40, account_sd=0.0),
    "one account, 100 posts": PostingPlan(accounts=1, posts=100, account_sd=0.0),
}


@dataclass(frozen=True, slots=True)
class Posting:
    """The posts as `estimate_posting_lifts` takes them, and the effect of each post's kind, weekday and hour."""

    posts: pl.DataFrame
    effects: dict[str, Floats]


def make_posting(plan: PostingPlan, seed: int) -> Posting:
    """Draw the posts of all accounts."""
    draw = np.random.default_rng(seed)
    account = np.sort(draw.integers(0, plan.accounts, plan.posts))
    day = draw.integers(0, DAYS, plan.posts)
    hour = draw.integers(0, 24, plan.posts)
    weekday = (day + BEGIN.weekday()) % 7
    evening = (hour >= EVENING[0]) & (hour < EVENING[1])
    carousel = draw.random(plan.posts) < 0.15 + 0.3 * evening + 0.15 * (weekday >= 5)
    kind = np.where(carousel, 1, np.where(draw.random(plan.posts) < 0.2, 2, 0))
    own = {
        "kind": KIND_EFFECTS[kind] + _deviate(draw, plan, account, kind),
        "weekday": DAY_EFFECTS[weekday] + _deviate(draw, plan, account, weekday),
        "hours": EVENING_EFFECT * evening,
    }
    effects = {name: plan.strength * values for name, values in own.items()}
    y = _levels(draw, plan, account, day) + 0.55 * draw.standard_t(4, plan.posts) + sum(effects.values())
    y += np.where(draw.random(plan.posts) < 0.04, draw.exponential(1 / 1.5, plan.posts), 0)
    minutes = (day * 24 + hour) * 60 + draw.integers(1, 60, plan.posts)
    posts = pl.DataFrame(
        {
            "post": np.arange(plan.posts),
            "source": "simulated",
            "account": account.astype(str),
            "posted_at": pl.Series(np.datetime64(BEGIN, "us") + minutes.astype("timedelta64[m]")),
            "kind": np.array(KINDS)[kind],
            "value": np.floor(np.exp(np.minimum(y, 25))).astype(np.int64),
        }
    )
    return Posting(posts, effects)


def _deviate(draw: np.random.Generator, plan: PostingPlan, account: Ints, part: Ints) -> Floats:
    """How much each account differs in the effect of each part."""
    deviations: Floats = draw.normal(0, plan.account_sd, (plan.accounts, 7))[account, part]
    return deviations


def _levels(draw: np.random.Generator, plan: PostingPlan, account: Ints, day: Ints) -> Floats:
    size = draw.normal(5.5, 1.0, plan.accounts)[account]
    weeks = np.cumsum(draw.normal(0, 0.06, (plan.accounts, DAYS // 7 + 1)), axis=1)
    shocks = draw.normal(0, 0.1, (plan.accounts, DAYS))
    levels: Floats = size + weeks[account, day // 7] + shocks[account, day] + 0.3 * day / DAYS
    return levels


def collect_rows(plan: PostingPlan, seed: int) -> Iterator[pl.DataFrame]:
    """For each dimension its lifts, with the true log lift in the column `truth`."""
    posting = make_posting(plan, seed)
    with_times = posting.posts.with_columns(
        weekday=pl.col("posted_at").dt.weekday().cast(pl.Int64),
        hour=pl.col("posted_at").dt.hour().cast(pl.Int64),
    )
    lifts = estimate_posting_lifts(with_times)
    named = name_parts(with_times)
    for dimension in DIMENSIONS:
        parts = named.select("post", label=dimension)
        truth = true_part_lifts(posting.posts, parts, posting.effects[dimension])
        yield (
            lifts.filter(dimension=dimension)
            .join(truth, on="label", how="left")
            .with_columns(seed=pl.lit(seed))
        )


def true_part_lifts(posts: pl.DataFrame, parts: pl.DataFrame, effect: Floats) -> pl.DataFrame:
    """The weighted difference inside blocks that the estimator takes, of the posts' true effects."""
    blocks = cut_blocks(posts)
    ordered = blocks.keys.join(parts, on="post", maintain_order="left")["label"]
    e = effect[blocks.keys["post"].to_numpy()]
    rows = []
    for label in ordered.unique().sort():
        has = (ordered == label).to_numpy().astype(np.float64)
        share = blocks.blocks.spread(blocks.blocks.mean(has))
        weight = float(np.sum(has * (1 - share)))
        rows.append((label, float(np.sum((has - share) * e)) / weight if weight else None))
    return pl.DataFrame(rows, schema={"label": pl.String, "truth": pl.Float64}, orient="row")


def main() -> None:
    """Print coverage and discoveries of each plan and dimension."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth.posting", description=__doc__)
    parser.add_argument("--galleries", type=int, default=200)
    options = parser.parse_args()
    print(
        f"{'plan':<24}{'dimension':<10}{'coverage':>9}{'bias':>8}{'found':>7}{'no effects: with a discovery':>30}"
    )
    for name, plan in PLANS.items():
        rows = pl.concat([row for seed in range(options.galleries) for row in collect_rows(plan, seed)])
        nothing = replace(plan, strength=0.0)
        empty = pl.concat([row for seed in range(options.galleries) for row in collect_rows(nothing, seed)])
        for dimension in DIMENSIONS:
            print(f"{name:<24}{dimension:<10}" + _figures(rows, empty, dimension))


def _figures(rows: pl.DataFrame, empty: pl.DataFrame, dimension: str) -> str:
    known = rows.filter(pl.col("dimension") == dimension, pl.col("low").is_not_null())
    truth = pl.col("truth")
    covered, bias = known.select(
        truth.is_between(pl.col("low").log(), pl.col("high").log()).mean().alias("covered"),
        (pl.col("lift").log() - truth).mean().alias("bias"),
    ).row(0)
    found = known.filter(truth.abs() > 0.15).select((pl.col("q") < 0.05).mean()).item()
    null = empty.filter(pl.col("dimension") == dimension)
    false = null.filter(pl.col("q") < 0.05)["seed"].n_unique()
    discoveries = f"{false} of {null['seed'].n_unique()}"
    return f"{covered:>9.3f}{bias:>+8.3f}{found:>7.2f}{discoveries:>30}"


if __name__ == "__main__":
    main()
