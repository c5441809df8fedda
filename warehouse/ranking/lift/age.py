"""The age from which posts are comparable: when most of their likes have come in."""

from __future__ import annotations

import polars as pl

DEFAULT_DAYS = 7
"""Without enough history."""
SHARE = 0.95
FINAL_DAYS = 10
"""The last observation of a post is final if it was at least so old."""
MIN_POSTS = 20
MAX_POSTS = 5_000
"""The most recent posts with a history are enough."""


def comparable_ages(observations: pl.DataFrame) -> dict[str, int]:
    """For each source the smallest whole number of days at which its median post has 95 % of its final count.

    `observations` has a row for each observation of a post: `source`, `post` or `post_id`, `posted_at`, `observed_at`
    and `value`. A count between two observations is interpolated. The result is 7 for a source with fewer than 20 posts
    that were observed both young and at least 10 days old, and 10 where counts grow for longer.
    """
    key = ["source", *(name for name in key_columns(observations) if name != "source")]
    aged = _histories(observations, key)
    days = dict.fromkeys(observations["source"].unique().sort().to_list(), DEFAULT_DAYS)
    histories = aged.group_by("source").agg(posts=pl.struct(key).n_unique())
    growing = set(histories.filter(pl.col("posts") >= MIN_POSTS)["source"])
    for day in range(1, FINAL_DAYS):
        if not growing:
            break
        aged = aged.filter(pl.col("source").is_in(growing))
        medians = _shares(aged, key, day).group_by("source").agg(pl.len(), middle=pl.col("share").median())
        for source, middle in (
            medians.filter(pl.col("len") >= MIN_POSTS).select("source", "middle").iter_rows()
        ):
            days[source] = FINAL_DAYS
            if middle >= SHARE:
                days[source] = day
                growing.remove(source)
    return days


def _histories(observations: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Age in days and share of the final count, for the most recent posts of each source with a history."""
    age = (pl.col("observed_at") - pl.col("posted_at")).dt.total_seconds() / 86_400
    known = (
        observations.lazy()
        .filter(pl.col("value").is_not_null() & pl.col("posted_at").is_not_null())
        .with_columns(age=age)
        .filter(pl.col("age") >= 0)
    )
    final = (
        known.group_by(key)
        .agg(
            pl.col("posted_at").first(),
            oldest=pl.col("age").max(),
            youngest=pl.col("age").min(),
            final=pl.col("value").sort_by("age").last(),
        )
        .filter(
            (pl.col("oldest") >= FINAL_DAYS) & (pl.col("youngest") < FINAL_DAYS - 1) & (pl.col("final") > 0)
        )
        .sort("posted_at", descending=True)
        .group_by("source", maintain_order=True)
        .head(MAX_POSTS)
        .select(*key, "final")
    )
    return known.join(final, on=key).select(*key, "age", share=pl.col("value") / pl.col("final")).collect()


def _shares(aged: pl.DataFrame, key: list[str], day: int) -> pl.DataFrame:
    """The share of each post's final count at this age, for posts that were observed before and after."""
    before, after = pl.col("age") <= day, pl.col("age") > day
    around = aged.group_by(key).agg(
        a0=pl.col("age").filter(before).max(),
        a1=pl.col("age").filter(after).min(),
        s0=pl.col("share").filter(before).sort_by(pl.col("age").filter(before)).last(),
        s1=pl.col("share").filter(after).sort_by(pl.col("age").filter(after)).first(),
    )
    slope = (pl.col("s1") - pl.col("s0")) / (pl.col("a1") - pl.col("a0"))
    return around.select("source", share=pl.col("s0") + slope * (day - pl.col("a0"))).drop_nulls("share")


def key_columns(posts: pl.DataFrame) -> list[str]:
    """The columns that identify a post: `post`, or `source` and `post_id`."""
    return ["post"] if "post" in posts.columns else ["source", "post_id"]
