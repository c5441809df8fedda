"""The lift of labels, from frames of posts and labels to a frame of one row for each label.

`estimate_lifts` compares each label with the other posts of the same account and time. `estimate_adjusted_lifts` does
so with the other labels held equal. `estimate_part_lifts` compares parts, such as weekdays. All have the columns
`COLUMNS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from warehouse.ranking.lift.blocks import PostBlocks, cut_blocks
from warehouse.ranking.lift.effects import Effects, estimate_effects
from warehouse.ranking.lift.groups import Floats, Ints, group_changes
from warehouse.ranking.lift.inference import Inference, correct_p, infer
from warehouse.ranking.lift.joint import MAX_LABELS, choose_labels, estimate_joint_effects
from warehouse.ranking.lift.joint import MIN_POSTS as MIN_JOINT_POSTS
from warehouse.ranking.lift.label_rows import LabelRows, number_labels
from warehouse.ranking.lift.parts import fit_parts, make_dummies
from warehouse.ranking.lift.rates import fit_rates
from warehouse.ranking.lift.ratios import Exposures, estimate_ratios, fit_exposures
from warehouse.ranking.lift.residuals import CLIP, fit_residuals
from warehouse.ranking.lift.variance import Variances, fit_components, moderate

Measure: TypeAlias = Literal["likes", "comments", "shares", "rate"]
"""What is compared: likes, small counts, or counts that are shares of the column `offset`."""
Reason: TypeAlias = Literal["no_count", "no_others", "no_variation", "few_counts", "inseparable"]
REASONS: tuple[Reason, ...] = get_args(Reason)
"""Why a label has no lift.

no_count: no post with the label has a known count. no_others: where it occurs, all posts of the same account and time
have it. no_variation: the counts do not differ. few_counts: too few posts or comments; of a share, too few are
expected. inseparable: it always comes
with other labels, or with a kind of post.
"""

COLUMNS = ("label", "posts", "accounts", "lift", "low", "high", "p", "q", "reason")
MIN_TESTED_POSTS = 5
MIN_RANKED_POSTS = 10
MIN_COUNTS = 10
"""Posts, and comments or shares on them, that a label needs for a ratio of means.

A ratio of shares needs so many expected counts, such as positive comments if the label made no difference, and
`MIN_TESTED_POSTS` posts: a choice by expected counts, unlike one by counts, does not prefer labels with more of them.
"""
MIN_INDEPENDENT = 3.0
"""Expected counts that a ratio of shares needs after comments that depend on each other are discounted. With fewer, such
as two waves of spam, intervals cover less (simulated)."""
MAX_INFLATION = 100.0
"""In the joint fit: a label whose variance is so many times that without the others can't be separated from them."""


def estimate_lifts(
    posts: pl.DataFrame,
    labels: pl.DataFrame,
    *,
    measure: Measure = "likes",
    min_posts: int = MIN_RANKED_POSTS,
    clip: float = CLIP,
    covariates: bool = True,
) -> pl.DataFrame:
    """Estimate the lift of each label, best lower end first.

    `posts` has a row for each post: `post` (or `source` and `post_id`), `source`, `account`, `posted_at`, `kind` and
    `value`, the count (null where it is unknown). `labels` has a row for each post and label. `lift` is the ratio of
    the labelled posts to the others of the same account and time, `low` and `high` its 95 % interval, `p` the p-value
    of no difference, and `q` the same corrected for the number of labels with at least 5 posts. Where no comparison is
    possible these are null, and `reason` says why. Labels with fewer than `min_posts` posts come after the others.
    With posts of one account the interval holds for this account only. With the measure `rate` a post's value is a
    share of its `offset`, such as positive comments of comments with a tone, and the lift a ratio of shares.
    """
    blocks = cut_blocks(posts)
    rows = number_labels(labels, blocks)
    if measure == "likes":
        residuals = fit_residuals(blocks, clip, covariates=covariates)
        effects, vary = estimate_effects(blocks, residuals, rows), residuals.vary
        reasons = _reasons(blocks, rows, effects, vary=vary)
    else:
        exposures = fit_rates(blocks) if measure == "rate" else fit_exposures(blocks)
        effects, vary = estimate_ratios(blocks, exposures, rows), bool(exposures.counts.any())
        few = _few_counts(blocks, rows, exposures, measure)
        reasons = _reasons(blocks, rows, effects, few, vary=vary)
    effects = Effects(np.where(reasons == "", effects.values, np.nan), effects.cells)
    components = fit_components(effects.cells, len(rows.names))
    inference = infer(effects.values, moderate(effects.cells, len(rows.names), components))
    return _frame(blocks, rows, effects.values, inference, reasons, min_posts)


def estimate_adjusted_lifts(
    posts: pl.DataFrame,
    labels: pl.DataFrame,
    *,
    min_posts: int = MIN_JOINT_POSTS,
    most: int = MAX_LABELS,
    clip: float = CLIP,
) -> pl.DataFrame:
    """Estimate the lift of the frequent labels with the other frequent ones held equal; the frames are as above.

    Only labels with at least `min_posts` posts have a row, at most the `most` frequent ones. The lift of one of two
    labels that come together is its own part.
    """
    blocks = cut_blocks(posts)
    rows = number_labels(labels, blocks)
    residuals = fit_residuals(blocks, clip)
    chosen = choose_labels(blocks, rows, min_posts, most) if residuals.vary else np.zeros(0, np.int64)
    number = len(rows.names)
    values, low, high, p = (np.full(number, np.nan) for _ in range(4))
    reasons = np.full(number, "", object)
    if len(chosen):
        joint = estimate_joint_effects(blocks, residuals, rows, chosen, clip)
        separable = joint.inflation <= MAX_INFLATION
        inference = infer(np.where(separable, joint.values, np.nan), joint.variances)
        values[chosen] = np.where(separable, joint.values, np.nan)
        low[chosen], high[chosen], p[chosen] = inference.low, inference.high, inference.p
        reasons[chosen[~separable]] = "inseparable"
    names = rows.names.gather(chosen)
    frame = _frame(blocks, rows, values, Inference(low, high, p), reasons, min_posts)
    return frame.filter(pl.col("label").is_in(names.implode()))


def estimate_part_lifts(
    posts: pl.DataFrame, dimension: str, adjusted_for: Sequence[str], *, min_posts: int = MIN_RANKED_POSTS
) -> pl.DataFrame:
    """Estimate the lift in likes of each part of a dimension, such as a weekday, over its other parts.

    `posts` is as above, with the names of parts in the columns `dimension` and `adjusted_for`. Posts without a part are
    not compared. The dimensions of `adjusted_for` are held equal, and no other covariate is: what describes the parts
    must not be taken out. `q` is corrected for the number of parts.
    """
    used = posts.filter(pl.col(dimension).is_not_null())
    blocks = cut_blocks(used)
    names = [dimension, *adjusted_for]
    ordered = blocks.keys.join(
        used.select(*blocks.keys.columns, *names), on=blocks.keys.columns, maintain_order="left"
    )
    rows = number_labels(ordered.rename({dimension: "label"}), blocks)
    part, *others = (_number_parts(ordered[name]) for name in names)
    fit = fit_parts(blocks, part, np.column_stack([np.zeros((len(part), 0)), *map(make_dummies, others)]))
    effects = estimate_effects(blocks, fit.residuals, rows)
    reasons = _reasons(blocks, rows, effects, vary=fit.residuals.vary)
    reasons[(reasons == "") & (fit.inflation > MAX_INFLATION)] = "inseparable"
    values = np.where(reasons == "", effects.values, np.nan)
    plain = moderate(effects.cells, len(rows.names), fit_components(effects.cells, len(rows.names)))
    inference = infer(values, Variances(plain.variance * fit.inflation, plain.freedom))
    return _frame(blocks, rows, values, inference, reasons, min_posts)


def _number_parts(names: pl.Series) -> Ints:
    """The numbers of the parts in alphabetical order; posts without one are a part of their own."""
    known = names.fill_null("")
    codes: Ints = known.cast(pl.Enum(known.unique().sort())).to_physical().cast(pl.Int64).to_numpy()
    return codes


def _reasons(
    posts: PostBlocks,
    rows: LabelRows,
    effects: Effects,
    few: NDArray[np.bool_] | None = None,
    *,
    vary: bool,
) -> NDArray[np.object_]:
    """Why each label has no lift; empty where it has one. `few` are labels with too few counts for a ratio of means."""
    counts = rows.counts()
    reasons = np.full(len(counts), "", object)
    if few is None:
        reasons[np.isnan(effects.values)] = "no_others"
    else:
        reasons[np.isnan(effects.values) | few] = "few_counts"
        reasons[~_has_others(posts, rows)] = "no_others"
    if not vary:
        reasons[reasons == ""] = "no_variation"
    reasons[counts == 0] = "no_count"
    return reasons


def _few_counts(
    posts: PostBlocks, rows: LabelRows, exposures: Exposures, measure: Measure
) -> NDArray[np.bool_]:
    """Which labels have too few posts or counts for a ratio of means."""
    number = len(rows.names)
    if measure != "rate":
        total = np.bincount(rows.label, posts.counts[rows.post], minlength=number)
        return (rows.counts() < MIN_COUNTS) | (total < MIN_COUNTS)
    total = np.bincount(rows.label, exposures.expected[rows.post], minlength=number)
    dispersion = exposures.dispersion[posts.account]
    discounted = exposures.exposure * posts.blocks.spread(exposures.rate) / dispersion
    independent = np.bincount(rows.label, discounted[rows.post], minlength=number)
    few: NDArray[np.bool_] = (
        (rows.counts() < MIN_TESTED_POSTS) | (total < MIN_COUNTS) | (independent < MIN_INDEPENDENT)
    )
    return few


def _has_others(posts: PostBlocks, rows: LabelRows) -> NDArray[np.bool_]:
    """Whether some block has posts with the label and posts without it."""
    block = posts.block[rows.post]
    cells = group_changes(rows.label, block)
    partial = cells.sizes < posts.blocks.sizes[block[cells.starts]]
    has: NDArray[np.bool_] = (
        np.bincount(rows.label[cells.starts], weights=partial, minlength=len(rows.names)) > 0
    )
    return has


def _count_accounts(posts: PostBlocks, rows: LabelRows) -> Ints:
    firsts = group_changes(rows.label, posts.account[rows.post]).starts
    return np.bincount(rows.label[firsts], minlength=len(rows.names))


def _frame(
    posts: PostBlocks,
    rows: LabelRows,
    effects: Floats,
    inference: Inference,
    reasons: NDArray[np.object_],
    min_posts: int,
) -> pl.DataFrame:
    counts = rows.counts()
    with np.errstate(over="ignore"):
        ratios = {
            "lift": np.exp(effects),
            "low": np.exp(inference.low),
            "high": np.exp(inference.high),
        }
    numbers = ratios | {"p": inference.p, "q": correct_p(inference.p, counts >= MIN_TESTED_POSTS)}
    frame = pl.DataFrame(
        {
            "label": rows.names,
            "posts": counts,
            "accounts": _count_accounts(posts, rows),
            **numbers,
            "reason": pl.Series(reasons, dtype=pl.String),
        }
    ).with_columns(pl.col(list(numbers)).fill_nan(None), pl.col("reason").replace("", None))
    frame = frame.with_columns(
        reason=pl.when(pl.col("low").is_null() & pl.col("reason").is_null())
        .then(pl.lit("no_variation"))
        .otherwise("reason")
    ).with_columns(pl.when(pl.col("reason").is_null()).then("lift").alias("lift"))
    enough = (pl.col("posts") >= min_posts) & pl.col("low").is_not_null()
    return frame.sort(enough, "low", "label", descending=[True, True, False], nulls_last=True).select(COLUMNS)
