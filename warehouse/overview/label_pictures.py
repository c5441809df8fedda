"""The pictures behind labels: of each label the best, the most ordinary and the worst ones, from the published database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from warehouse.ranking.ranking_query import RankingQuery

_KNOWN = """select count(likes), count(comments) from post_labels where classifier = $classifier"""
_NEAR_DUPLICATES = """select source, account, sha256, original from near_duplicates
                      where classifier = (select min(classifier) from embedding_codes)"""
_NO_NEAR_DUPLICATES = """select '' as source, '' as account, '' as sha256, '' as original where false"""
# An older likelens published the database, if it has no such table.
_HAS_NEAR_DUPLICATES = "select count(*) from duckdb_views() where view_name = 'near_duplicates'"

_QUERY = """
    with near as ({near}),
    labelled as (
        select {label} as label, source, post_id, account, sha256, posted_at, likes, comments, {value} as value
        from post_labels
        where classifier = $classifier and {label} in (select unnest($labels)) and {value} is not null
          and (source, post_id) in (select (source, post_id) from posts where {condition})),
    once as (
        select labelled.* from labelled left join near using (source, account, sha256)
        qualify row_number() over (
            partition by label, source, account, coalesce(original, sha256)
            order by value desc, posted_at nulls last, post_id) = 1),
    different as (
        from once qualify row_number() over (partition by label, sha256 order by value desc, source, post_id) = 1),
    placed as (
        select *,
            row_number() over (partition by label order by value desc, source, post_id)::bigint as from_best,
            row_number() over (partition by label order by value, source, post_id)::bigint as from_worst,
            row_number() over (partition by label order by abs(value - middle), source, post_id)::bigint as from_middle
        from (select *, median(value) over (partition by label) as middle from different))
    select label, from_best, from_middle, from_worst, sha256, path, source, post_id, url, posted_at, likes, comments
    from (from placed where least(from_best, from_middle, from_worst) <= $most)
    join (select source, post_id, url from posts) using (source, post_id)
    join (select sha256, path from pictures) using (sha256)
    order by label, from_best
"""


@dataclass(frozen=True, slots=True)
class PlacedPicture:
    """A picture with a label and its post. Its places among the label's pictures count from 1.

    `from_middle` is its place by the distance from the median. Unknown numbers are None.
    """

    label: str
    from_best: int
    from_middle: int
    from_worst: int
    sha256: str
    path: str
    source: str
    post_id: str
    post_url: str
    posted_at: datetime | None
    likes: int | None
    comments: int | None


def label_pictures(
    database: duckdb.DuckDBPyConnection, question: RankingQuery, labels: Sequence[str], most: int
) -> list[PlacedPicture]:
    """The `most` best, most ordinary and worst pictures of each label, by label and best first.

    They are ordered by likes; if no post of the classifier has likes, by comments, and if none has these, by the
    label's score. A picture counts once, with its best post: re-posts and near-duplicates of the same account are left
    out. Posts that the question leaves out are left out here.
    """
    condition, values = question.conditions()
    [(likes, comments)] = database.execute(_KNOWN, {"classifier": question.classifier}).fetchall()
    [(near,)] = database.execute(_HAS_NEAR_DUPLICATES).fetchall()
    query = _QUERY.format(
        near=_NEAR_DUPLICATES if near else _NO_NEAR_DUPLICATES,
        label="label_group" if question.grouped else "label",
        value="likes" if likes else "comments" if comments else "score",
        condition=condition,
    )
    rows = database.execute(query, values | {"labels": list(labels), "most": most}).fetchall()
    return [PlacedPicture(*row) for row in rows]
