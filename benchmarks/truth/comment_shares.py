"""Simulated comments whose tone, questions and spam have known effects of labels, and how true the lifts of these are.

Labels come independently of each other, so that the true lift of a label is what its own effect makes of the expected
counts of its posts. Effects are on the log odds of a share, and on the logarithm of comments per like.
`.venv/bin/python -m benchmarks.truth.comment_shares --galleries 20` prints the figures.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from benchmarks.truth.figures import BINS, MIN_LABELS, Q
from benchmarks.truth.galleries import DAYS, INDEPENDENT, Floats, Ints, Plan, make_gallery
from warehouse.ranking.lift.blocks import cut_blocks
from warehouse.ranking.lift.estimate import estimate_lifts
from warehouse.ranking.lift.groups import group_changes
from warehouse.ranking.lift.label_rows import number_labels
from warehouse.ranking.lift.rates import fit_rates

MEASURES = ("tone", "questions", "spam", "comments_per_like")
BASES = {"tone": 0.55, "questions": 0.12, "spam": 0.04}
"""The usual shares; accounts differ from them by `ACCOUNT_SD` in log odds."""
CLUMPS = {"tone": 0.05, "questions": 0.05, "spam": 0.15}
"""The correlation of two comments of one post: a quarrel, a wave of spam."""
MEASURED = 0.6
"""Share of the comments whose tone is measured."""
ACCOUNT_SD, WEEK_SD, DAY_SD = 0.6, 0.06, 0.15
MAX_COMMENTS, MAX_PER_LIKE = 5_000, 0.5
SLOPE_POSTS = 100
"""The slope of the estimates on the truth is that of labels with so many posts."""
_MANY = Plan(**INDEPENDENT)  # type: ignore[arg-type]
_FEW = replace(_MANY, accounts=1, posts=1_500, equal_accounts=True)


@dataclass(frozen=True, slots=True)
class CommentPlan:
    """What comments are like: `comments` are those of a usual post, `effects` is the share of labels that have one.

    `account_sd` is how much accounts differ in the effects, `clump` multiplies the correlation of a post's comments.
    """

    gallery: Plan = _MANY
    comments: float = 12.0
    effects: float = 0.2
    effect_sd: float = 0.35
    account_sd: float = 0.1
    clump: float = 1.0


PLANS = {
    "120 accounts": CommentPlan(),
    "2 comments a post": CommentPlan(comments=2.0),
    "clumps twice as strong": CommentPlan(clump=2.0),
    "three accounts": CommentPlan(replace(_FEW, accounts=3)),
    "one account": CommentPlan(_FEW, account_sd=0.0),
}


@dataclass(frozen=True, slots=True)
class CommentGallery:
    """The posts of one measure as `estimate_lifts` takes them, their labels, and each label's effect.

    `expected` has for each row of `labels` the expected count of its post, `without` the same without the label.
    """

    posts: pl.DataFrame
    labels: pl.DataFrame
    own: Floats
    expected: Floats
    without: Floats


def make_comments(plan: CommentPlan, measure: str, seed: int) -> CommentGallery:
    """Draw the counts of one measure."""
    gallery = make_gallery(plan.gallery, seed)
    draw = np.random.default_rng([seed, MEASURES.index(measure)])
    post, label, account = (
        frame[column].cast(pl.Int64).to_numpy()
        for frame, column in ((gallery.labels, "post"), (gallery.labels, "label"), (gallery.posts, "account"))
    )
    labels, accounts = plan.gallery.labels, plan.gallery.accounts
    own = np.where(draw.random(labels) < plan.effects, draw.normal(0, plan.effect_sd, labels), 0)
    effect = (
        own[label] + (draw.normal(0, plan.account_sd, (accounts, labels)) * (own != 0))[account[post], label]
    )
    signal = np.bincount(post, effect, minlength=len(account)) + _drift(
        draw, gallery.posts, account, accounts
    )
    if measure == "comments_per_like":
        offset = gallery.posts["value"].fill_null(0).to_numpy()
        willing = np.log(plan.comments) - plan.gallery.level + draw.normal(-0.7, 0.8, accounts)[account]
        mean = offset * np.minimum(np.exp(signal + willing), MAX_PER_LIKE)
        counts = draw.poisson(mean * draw.gamma(1 / plan.clump, plan.clump, len(mean)))
        without = np.exp(-effect) * mean[post]
    else:
        offset = _count_comments(draw, plan.comments, account, accounts)
        if measure == "tone":
            offset = draw.binomial(offset, MEASURED)
        base = np.log(BASES[measure] / (1 - BASES[measure])) + draw.normal(0, ACCOUNT_SD, accounts)[account]
        share = 1 / (1 + np.exp(-base - signal))
        sizes = 1 / (plan.clump * CLUMPS[measure]) - 1
        counts = draw.binomial(offset, draw.beta(sizes * share, sizes * (1 - share)))
        mean = offset * share
        without = offset[post] / (1 + np.exp(effect - (base + signal)[post]))
    posts = gallery.posts.with_columns(value=pl.Series(counts), offset=pl.Series(offset))
    return CommentGallery(posts, gallery.labels, own, mean[post], without)


def _drift(draw: np.random.Generator, posts: pl.DataFrame, account: Ints, accounts: int) -> Floats:
    """A weekly random walk and daily shocks of each account, and what kind and hour add."""
    day = (posts["posted_at"] - posts["posted_at"].min()).dt.total_days().to_numpy()
    weeks = np.cumsum(draw.normal(0, WEEK_SD, (accounts, DAYS // 7 + 2)), axis=1)
    shocks = draw.normal(0, DAY_SD, (accounts, DAYS + 1))
    kind = posts["kind"].replace_strict({"image": 0.0, "carousel": 0.2, "video": -0.3}).to_numpy()
    hour = 0.1 * np.cos(posts["posted_at"].dt.hour().to_numpy() * (2 * np.pi / 24))
    drift: Floats = weeks[account, day // 7] + shocks[account, day] + kind + hour
    return drift


def _count_comments(draw: np.random.Generator, usual: float, account: Ints, accounts: int) -> Ints:
    """Numbers of read comments: accounts differ, and a few posts have very many."""
    size = np.log(usual) - 0.8 + draw.normal(0, 0.8, accounts)[account] + draw.normal(0, 0.9, len(account))
    viral = np.where(draw.random(len(account)) < 0.04, draw.exponential(1 / 1.5, len(account)), 0)
    counts: Ints = draw.poisson(np.minimum(np.exp(size + viral), MAX_COMMENTS))
    return counts


def true_ratios(gallery: CommentGallery) -> pl.DataFrame:
    """The true log lift of each label: its posts' expected counts over those without it, weighted as the estimate is."""
    blocks = cut_blocks(gallery.posts)
    rows = number_labels(gallery.labels, blocks)
    fitted = fit_rates(blocks)
    known = gallery.labels.with_columns(
        expected=pl.Series(gallery.expected), without=pl.Series(gallery.without)
    )
    ordered = pl.DataFrame(
        {"post": blocks.keys["post"].gather(rows.post), "label": rows.names.gather(rows.label)}
    ).join(known, on=["post", "label"], how="left", maintain_order="left")
    cells = group_changes(rows.label, blocks.block[rows.post])
    block = blocks.block[rows.post][cells.starts]
    others = 1 - cells.sum(fitted.exposure[rows.post]) / blocks.blocks.sum(fitted.exposure)[block]
    weight = cells.spread(others) * (fitted.exposure / blocks.offsets)[rows.post]
    sums = [
        np.bincount(rows.label, weight * ordered[name].to_numpy(), len(rows.names))
        for name in ("expected", "without")
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        truth = np.log(sums[0] / sums[1])
    return pl.DataFrame({"label": rows.names, "truth": truth})


def collect_rows(plan: CommentPlan, measure: str, seeds: Iterable[int]) -> pl.DataFrame:
    """The logs of lift and interval of each label with a lift, q, and the true log lift in the column `truth`."""
    parts = []
    for seed in seeds:
        gallery = make_comments(plan, measure, seed)
        lifts = estimate_lifts(gallery.posts, gallery.labels, measure="rate").drop_nulls("low")
        own = pl.DataFrame({"own": gallery.own}).with_row_index("label").cast({"label": pl.String})
        rows = lifts.join(true_ratios(gallery), on="label").join(own, on="label")
        logs = pl.col("lift", "low", "high").log()
        parts.append(rows.select("posts", logs, "q", "truth", "own", seed=pl.lit(seed)))
    return pl.concat(parts)


def describe(rows: pl.DataFrame) -> str:
    """Coverage by number of posts, the slope on the truth, discoveries, and the share of them without an effect."""
    covered = []
    for least, most in BINS.values():
        part = rows.filter(pl.col("posts").is_between(least, most))
        share = part.select(pl.col("truth").is_between("low", "high").mean()).item()
        covered.append(f"{share:.3f}" if len(part) >= MIN_LABELS else "–")
    many = rows.filter(pl.col("posts") >= SLOPE_POSTS)
    slope = many.select(pl.cov("lift", "truth") / pl.col("truth").var()).item()
    found = rows.filter(pl.col("q") <= Q)
    false = float(found.select((pl.col("own") == 0).mean()).item() or 0)
    return f"{' '.join(f'{one:>6}' for one in covered)}{slope:>7.2f}{len(found):>7}{false:>7.3f}"


def without_effects(plan: CommentPlan) -> CommentPlan:
    """The same where no label makes a difference."""
    return replace(plan, gallery=replace(plan.gallery, effects=0.0), effects=0.0)


def _lines(plans: Iterable[str], measures: Iterable[str], galleries: int) -> Iterator[str]:
    for name in plans:
        for measure in measures:
            rows = collect_rows(PLANS[name], measure, range(galleries))
            nothing = collect_rows(without_effects(PLANS[name]), measure, range(galleries))
            found = nothing.filter(pl.col("q") <= Q)["seed"].n_unique()
            yield f"{name:<24}{measure:<18}{describe(rows)}{found:>5} of {galleries}"


def main() -> None:
    """Print the figures of each plan and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth.comment_shares", description=__doc__)
    parser.add_argument("--galleries", type=int, default=20)
    parser.add_argument("--plan", choices=PLANS, action="append")
    parser.add_argument("--measure", choices=MEASURES, action="append")
    options = parser.parse_args()
    heads = " ".join(f"{f'n={posts}':>6}" for posts in BINS)
    print(
        f"{'plan':<24}{'measure':<18}{heads}{'slope':>7}{'found':>7}{'false':>7}  no effects: with a discovery"
    )
    for line in _lines(options.plan or PLANS, options.measure or MEASURES, options.galleries):
        print(line, flush=True)


if __name__ == "__main__":
    main()
