"""Pairs of labels that come together, as labels of their own: 'beach + dog'."""

from __future__ import annotations

import numpy as np
import polars as pl

from warehouse.ranking.lift.age import key_columns
from warehouse.ranking.lift.groups import Ints, group_changes

MIN_POSTS = 10
JOIN = " + "


def pair_labels(labels: pl.DataFrame, min_posts: int = MIN_POSTS) -> pl.DataFrame:
    """The pairs that at least `min_posts` posts have, as rows like those of `labels`; names are in alphabetical order.

    The result has the key columns of `labels` and `label`; concatenate it to `labels` to estimate both.
    """
    key = key_columns(labels)
    frequent = labels.select(*key, "label").unique().filter(pl.len().over("label") >= min_posts)
    names = frequent["label"].unique().sort()
    keys = frequent.select(key).unique(maintain_order=True).with_row_index("number")
    numbered = (
        frequent.join(keys, on=key)
        .select(pl.col("number").cast(pl.Int64), code=pl.col("label").cast(pl.Enum(names)).to_physical())
        .sort("number", "code")
    )
    post, pair, place = _pair(
        numbered["number"].to_numpy(), numbered["code"].cast(pl.Int64).to_numpy(), len(names), min_posts
    )
    one, two = np.divmod(pair, max(1, len(names)))
    text = names.gather(one) + JOIN + names.gather(two)
    return keys.drop("number")[post].with_columns(text.gather(place).alias("label"))


def _pair(post: Ints, code: Ints, labels: int, min_posts: int) -> tuple[Ints, Ints, Ints]:
    """The frequent pairs (first code times the number of labels, plus the second), and their posts.

    The first result is the post of each row, the third the place of its pair in the second.
    """
    posts, pairs = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    distance = 1
    while distance < len(post):
        together = np.flatnonzero(post[distance:] == post[:-distance])
        if not len(together):
            break
        posts.append(post[together])
        pairs.append(code[together] * labels + code[together + distance])
        distance += 1
    every_post, every_pair = np.concatenate(posts), np.concatenate(pairs)
    order = np.argsort(every_pair, kind="stable")
    groups = group_changes(every_pair[order])
    frequent = groups.sizes >= min_posts
    chosen = order[groups.spread(frequent)]
    place = np.repeat(np.arange(int(frequent.sum())), groups.sizes[frequent])
    return every_post[chosen], every_pair[order][groups.starts[frequent]], place
