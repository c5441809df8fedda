"""What the themes of pictures are found in: embeddings of a choice of pictures, and the words that others label them with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from warehouse.embeddings.vectors import EmbeddingBatch, read_embeddings
from warehouse.storage.lake import Lake

READ_VECTORS = 4096


@dataclass(frozen=True, slots=True)
class WordUse:
    """How many pictures of a theme have a word, and the sum of its best scores in them.

    The word is a label, or with `is_group` the plain word for several; `group` is that of a label, or the word itself.
    """

    theme: int
    word: str
    group: str
    is_group: bool
    pictures: int
    weight: float


def record_embedding_version(version: str) -> str:
    """The text for `runs.counts` of a lane that stores embeddings of this version."""
    return json.dumps({"embedding_version": version})


def recorded_embedding_version(lake: Lake, classifier: str) -> str | None:
    """The version of the embeddings that the classifier stored in its last run; None if no run recorded one."""
    rows = lake.query(
        """select counts from runs where stage = 'classify' and lane = $1 and counts is not null
           order by started_at desc limit 1""",
        [classifier],
    )
    version = json.loads(rows[0][0]).get("embedding_version") if rows else None
    return None if version is None else str(version)


def read_choice(lake: Lake, classifier: str, version: str, count: int) -> EmbeddingBatch:
    """The embeddings of the `count` stored pictures with the smallest hashes, in their order.

    Hashes are as good as random, so the choice is the same each time and favours no picture.
    """
    condition = f"""sha256 in (select sha256 from embeddings where classifier = $1 and version = $2
                               and sha256 in (select sha256 from pictures) order by sha256 limit {count:d})"""
    batches = list(read_embeddings(lake, classifier, version, condition, [classifier, version], READ_VECTORS))
    if not batches:
        return EmbeddingBatch([], np.empty((0, 0), np.float16))
    hashes = np.array([sha256 for batch in batches for sha256 in batch.hashes])
    order = np.argsort(hashes)
    return EmbeddingBatch(hashes[order].tolist(), np.concatenate([batch.vectors for batch in batches])[order])


def labels_of(lake: Lake, classifier: str, version: str, hashes: Sequence[str]) -> dict[str, str]:
    """The first label of each of these pictures by a version of the classifier, by hash."""
    rows = lake.query(
        """select sha256, label from labels semi join (select unnest($3) as sha256) using (sha256)
           where classifier = $1 and version = $2 and region = 0 and rank = 1""",
        [classifier, version, list(hashes)],
    )
    return {str(sha256): str(label) for sha256, label in rows}


def count_words(lake: Lake, classifier: str, hashes: Sequence[str], themes: Sequence[int]) -> list[WordUse]:
    """The labels of these pictures by the classifier's current version, and the labels' groups, by theme.

    A picture has a word once: a label with its best score, a group with the sum of its labels', at most 1.
    """
    rows = lake.query(
        """with chosen as (select unnest($2) as sha256, unnest($3) as theme),
           current as (select arg_max(version, started_at) as version from runs
                       where stage in ('classify', 'tag') and lane = $1),
           found as (
               select theme, sha256, label, coalesce(label_group, label) as label_group, score
               from labels join chosen using (sha256) join current using (version)
               left join label_groups using (classifier, label) where classifier = $1),
           labelled as (
               select theme, sha256, label, label_group, max(score) as score from found group by all),
           words as (
               select theme, label as word, label_group, false as is_group, score from labelled
               union all
               select theme, label_group, label_group, true, least(1, sum(score)) from labelled
               group by theme, sha256, label_group)
           select theme, word, label_group, is_group, count(*), sum(score) from words group by all order by all""",
        [classifier, list(hashes), list(themes)],
    )
    return [WordUse(*row) for row in rows]
