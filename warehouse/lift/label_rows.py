"""Which post has which label, as sorted numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from warehouse.lift.blocks import PostBlocks
from warehouse.lift.groups import Groups, Ints, group_changes

CHUNK_ROWS = 100_000
"""Rows of labels that are processed at once, so that the arrays fit the processor's caches."""


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
    key = posts.keys.columns
    names = labels["label"].unique().sort()
    positions = posts.keys.with_row_index("position").with_columns(pl.col("position").cast(pl.Int64))
    rows = (
        labels.lazy()
        .select(*key, code=pl.col("label").cast(pl.Enum(names)).to_physical().cast(pl.Int64))
        .join(positions.lazy(), on=key)
        .select(pl.col("code") * max(1, len(positions)) + pl.col("position"))
        .collect()
        .to_series()
        .to_numpy()
    )
    rows = np.sort(rows)
    rows = rows[group_changes(rows).starts]
    return LabelRows(names, *np.divmod(rows, max(1, len(positions))))
