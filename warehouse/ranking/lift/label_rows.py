"""Which post has which label, as sorted numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from warehouse.ranking.lift.blocks import PostBlocks
from warehouse.ranking.lift.groups import Groups, Ints, group_changes

CHUNK_ROWS = 100_000
"""Rows of labels that are processed at once, so that the arrays fit the processor's caches."""

MAX_GAPS = 8
"""Posts whose numbers go up to so many times their number are found in a table; others are joined."""


@dataclass(frozen=True, slots=True)
class LabelRows:
    """One row for each post and label, by label and in the order of the posts.

    `label` is the number of the label in `names`, `post` the number of the post in `PostBlocks`.
    """

    names: pl.Series
    label: Ints
    post: Ints

    def counts(self) -> Ints:
        """The number of posts of each label."""
        return np.bincount(self.label, minlength=len(self.names))

    def chunks(self) -> Iterator[tuple[Ints, Ints, Groups]]:
        """The rows in chunks of complete labels: the labels' numbers, the rows' posts, and the labels' rows."""
        groups = group_changes(self.label)
        ends = groups.starts + groups.sizes
        first = 0
        while first < len(groups):
            start = groups.starts[first]
            last = max(first + 1, int(np.searchsorted(ends, start + CHUNK_ROWS, side="right")))
            part = Groups(groups.starts[first:last] - start, groups.sizes[first:last])
            yield self.label[groups.starts[first:last]], self.post[start : ends[last - 1]], part
            first = last


def number_labels(labels: pl.DataFrame, posts: PostBlocks) -> LabelRows:
    """Number the labels in alphabetical order, and find the posts of each; posts without a known count are skipped."""
    names = labels["label"].unique().sort()
    codes = labels["label"].cast(pl.Enum(names)).to_physical().cast(pl.Int64)
    keys = labels.select(posts.keys.columns)
    number = max(1, len(posts.keys))
    rows = np.sort(
        _look_up(keys, codes, posts.keys) if _is_compact(posts.keys) else _join(keys, codes, posts.keys)
    )
    rows = rows[group_changes(rows).starts]
    return LabelRows(names, *np.divmod(rows, number))


def _is_compact(keys: pl.DataFrame) -> bool:
    """Whether the posts are numbered with few gaps, so that a table by number is small."""
    if keys.columns != ["post"] or keys.is_empty() or not keys["post"].dtype.is_integer():
        return False
    low, high = keys.select(pl.col("post").min().alias("low"), pl.col("post").max().alias("high")).row(0)
    return bool(low >= 0 and high < MAX_GAPS * len(keys))


def _look_up(keys: pl.DataFrame, codes: pl.Series, known: pl.DataFrame) -> Ints:
    """The label's number times the number of posts, plus the post's position."""
    numbers, post = known["post"].to_numpy(), keys["post"].to_numpy()
    positions = np.full(int(numbers.max()) + 2, -1)
    positions[numbers] = np.arange(len(numbers))
    position = positions[np.clip(post, -1, len(positions) - 1)]
    found: Ints = (codes.to_numpy() * len(numbers) + position)[position >= 0]
    return found


def _join(keys: pl.DataFrame, codes: pl.Series, known: pl.DataFrame) -> Ints:
    """The same for keys of any kind."""
    positions = known.lazy().with_row_index("position").with_columns(pl.col("position").cast(pl.Int64))
    joined = keys.lazy().with_columns(codes.alias("code")).join(positions, on=known.columns)
    found: Ints = (
        joined.select(pl.col("code") * len(known) + pl.col("position")).collect().to_series().to_numpy()
    )
    return found
