"""The likes of accounts over time: the level that lifts are compared with, and some posts of each account."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from warehouse.ranking.lift.blocks import BLOCK_POSTS, cut_blocks

MIN_POSTS = 10
MAX_RUNS = 100
"""So many runs of posts an account's level has at most: of more posts the runs are longer than lift's blocks."""
MAX_DOTS = 200
"""Of more posts every second, third, … is drawn."""


@dataclass(frozen=True, slots=True)
class AccountLevels:
    """An account over time.

    `runs` has a row for each run of posts: `first` and `last` (times), `posts`, and `median`, `low` and `high`: median and
    quartiles of their likes. `dots` has `posted_at` and `value` (likes) of every `step`-th post.
    """

    source: str
    account: str
    posts: int
    runs: pl.DataFrame
    dots: pl.DataFrame
    step: int


def largest_accounts(posts: pl.DataFrame) -> pl.DataFrame:
    """Source, account and number of dated posts of each account with at least `MIN_POSTS`, most posts first."""
    counted = posts.filter(pl.col("posted_at").is_not_null()).group_by("source", "account").len("posts")
    return counted.filter(pl.col("posts") >= MIN_POSTS).sort(
        "posts", "source", "account", descending=[True, False, False]
    )


def account_levels(posts: pl.DataFrame, source: str, account: str) -> AccountLevels:
    """The levels of one account; `posts` are those of `posting_lifts.read_posts`.

    The runs are the blocks that lifts are compared in: about 20 posts in the order of time. Which posts are drawn
    depends only on their order.
    """
    own = posts.filter(
        (pl.col("source") == source) & (pl.col("account") == account) & pl.col("posted_at").is_not_null()
    ).select("source", "post_id", "account", "posted_at", "kind", "value")
    blocks = cut_blocks(own, max(BLOCK_POSTS, -(-len(own) // MAX_RUNS)))
    ordered = blocks.keys.join(own, on=["source", "post_id"], maintain_order="left")
    runs = (
        ordered.with_columns(run=pl.Series(blocks.block))
        .group_by("run", maintain_order=True)
        .agg(
            first=pl.col("posted_at").min(),
            last=pl.col("posted_at").max(),
            posts=pl.len().cast(pl.Int64),
            median=pl.col("value").median(),
            low=pl.col("value").quantile(0.25, "linear"),
            high=pl.col("value").quantile(0.75, "linear"),
        )
        .drop("run")
    )
    step = -(-len(ordered) // MAX_DOTS) or 1
    dots = ordered.select("posted_at", "value").gather_every(step)
    return AccountLevels(source, account, len(ordered), runs, dots, step)
