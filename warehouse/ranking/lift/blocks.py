"""The posts with a known count, in the order of account and time, cut into blocks.

A block is a run of about 20 posts of one account. A comparison inside blocks is free of the account's size, growth and
drift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from warehouse.ranking.lift.age import key_columns
from warehouse.ranking.lift.groups import Floats, Groups, Ints, group_changes

BLOCK_POSTS = 20
_LAST = np.iinfo(np.int64).max
MIN_ACCOUNTS = 1.5
"""With fewer accounts, not counting tiny ones, blocks are the clusters: accounts can't be compared with each other."""


@dataclass(frozen=True, slots=True)
class PostBlocks:
    """The posts in order: their counts, covariates and blocks.

    `block` is the number of each post's block, `cluster` the number of each block's account; where one account has
    nearly all posts, each block is a cluster of its own. `offsets` are what counts are shares of, such as a post's read
    comments; 1 where they are no shares.
    """

    keys: pl.DataFrame
    counts: Floats
    offsets: Floats
    covariates: Floats
    accounts: Groups
    blocks: Groups
    block: Ints
    block_account: Ints
    cluster: Ints

    @property
    def account(self) -> Ints:
        """The number of each post's account."""
        account: Ints = self.accounts.spread(np.arange(len(self.accounts)))
        return account


def cut_blocks(posts: pl.DataFrame, block_posts: int = BLOCK_POSTS) -> PostBlocks:
    """Order the posts with a known count by account and time, and cut each account's posts into equal runs.

    Posts without a time come last in their account, in the order of their keys. Where there is a column `offset`,
    posts without one above 0 are left out.
    """
    key = key_columns(posts)
    if "offset" not in posts.columns:
        posts = posts.with_columns(offset=1)
    known = posts.filter(pl.col("value").is_not_null() & (pl.col("offset") > 0))
    ordered, owners = _order(known, key)
    accounts = group_changes(owners)
    in_account = np.arange(len(ordered)) - accounts.spread(accounts.starts)
    runs = np.maximum(1, (2 * accounts.sizes + block_posts) // (2 * block_posts))
    run = in_account * accounts.spread(runs) // accounts.spread(accounts.sizes)
    blocks = group_changes(accounts.spread(np.arange(len(accounts))), run)
    numbers = np.arange(len(blocks))
    block_account = np.repeat(np.arange(len(accounts)), runs) if len(ordered) else numbers
    return PostBlocks(
        keys=ordered.select(key),
        counts=ordered["value"].cast(pl.Float64).to_numpy(),
        offsets=ordered["offset"].cast(pl.Float64).to_numpy(),
        covariates=_covariates(ordered, accounts),
        accounts=accounts,
        blocks=blocks,
        block=blocks.spread(numbers),
        block_account=block_account,
        cluster=block_account if _effective_number(accounts) >= MIN_ACCOUNTS else numbers,
    )


def _order(posts: pl.DataFrame, key: list[str]) -> tuple[pl.DataFrame, Ints]:
    """The posts by account, time and key, and the number of each post's account.

    NumPy sorts numbers five times as fast as Polars sorts by four columns with names.
    """
    names = posts.select("source", "account").unique().sort("source", "account").with_row_index("owner")
    posts = posts.sort(key).join(
        names, on=["source", "account"], nulls_equal=True, how="left", maintain_order="left"
    )
    owners = posts["owner"].cast(pl.Int64).to_numpy()
    times = posts["posted_at"].cast(pl.Datetime("us")).cast(pl.Int64).fill_null(_LAST).to_numpy()
    order = np.lexsort((times, owners))
    return posts[order], owners[order]


def _effective_number(accounts: Groups) -> float:
    """The number of accounts of equal size that would vary as much: near 1 where one account has nearly all posts."""
    return float(accounts.sizes.sum() ** 2 / max(1, np.sum(accounts.sizes**2)))


def relative_hours(posted_at: pl.Series, accounts: Groups) -> Floats:
    """The hour of each post as an angle, relative to its account's circular mean hour; NaN without a time."""
    seconds = (posted_at.dt.hour().cast(pl.Float64) * 3600 + posted_at.dt.minute() * 60).fill_null(np.nan)
    angle = seconds.to_numpy() * (2 * np.pi / 86_400)
    known = ~np.isnan(angle)
    sine = accounts.sum(np.where(known, np.sin(angle), 0))
    cosine = accounts.sum(np.where(known, np.cos(angle), 0))
    relative: Floats = angle - accounts.spread(np.arctan2(sine, cosine))
    return relative


def _covariates(ordered: pl.DataFrame, accounts: Groups) -> Floats:
    angle = relative_hours(ordered["posted_at"], accounts)
    known = ~np.isnan(angle)
    columns = (
        (ordered["kind"] == "carousel").fill_null(value=False).to_numpy(),
        (ordered["kind"] == "video").fill_null(value=False).to_numpy(),
        (ordered["posted_at"].dt.weekday() >= 6).fill_null(value=False).to_numpy(),
        np.where(known, np.cos(angle), 0),
        np.where(known, np.sin(angle), 0),
    )
    return np.column_stack(columns).astype(np.float64)
