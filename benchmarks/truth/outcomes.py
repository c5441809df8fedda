"""Estimates beside the truth, for each scenario of one seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from benchmarks.truth.galleries import INDEPENDENT, Gallery, Plan, make_gallery
from benchmarks.truth.marginal import true_lifts
from warehouse.ranking.lift.estimate import estimate_adjusted_lifts, estimate_lifts

ONE_ACCOUNT_POSTS = 1_500


def scenario_plans(plan: Plan) -> dict[str, Plan]:
    """The scenarios: the plan itself, without effects, with independent labels, and with one and three accounts.

    The interval of one account is for its own effects, so that these do not deviate from others'.
    """
    few = replace(plan, posts=ONE_ACCOUNT_POSTS, equal_accounts=True)
    return {
        "standard": plan,
        "no effects": replace(plan, effects=0.0),
        "independent": replace(plan, **INDEPENDENT),
        "one account": replace(few, accounts=1, account_sd=0.0),
        "three accounts": replace(few, accounts=3),
    }


def collect_outcomes(plan: Plan, seed: int) -> pl.DataFrame:
    """One row for each label and scenario: the logs of lift and interval, q, and the true marginal and own effects.

    The scenario `joint` is the fit of all frequent labels of the standard gallery; its truth is the own effect.
    """
    parts = []
    for name, one in scenario_plans(plan).items():
        gallery = make_gallery(one, seed)
        parts.append(_compare(name, seed, gallery, estimate_lifts(gallery.posts, gallery.labels)))
        if name == "standard":
            parts.append(
                _compare("joint", seed, gallery, estimate_adjusted_lifts(gallery.posts, gallery.labels))
            )
    return pl.concat(parts)


def _compare(scenario: str, seed: int, gallery: Gallery, lifts: pl.DataFrame) -> pl.DataFrame:
    own = gallery.own[lifts["label"].cast(pl.Int64).to_numpy()]
    truth = own
    if scenario != "joint":
        lift_of = true_lifts(gallery)
        truth = np.array([lift_of.get(label, np.nan) for label in lifts["label"]])
    return lifts.select(
        pl.lit(scenario).alias("scenario"),
        pl.lit(seed).alias("seed"),
        "posts",
        pl.col("lift", "low", "high").log(),
        "q",
        truth=pl.Series(truth),
        own=pl.Series(own),
    ).filter(pl.col("low").is_not_null())
