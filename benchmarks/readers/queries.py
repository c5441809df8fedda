"""Rankings in SQL that DuckDB, ClickHouse and Spark all know, from the tables of the lake and not from its views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

Table = Callable[[str], str]
"""How a reader names a table of the lake in SQL."""
By = Literal["likes", "comments", "count"]
Statistic = Literal["mean", "total"]
Ranking = list[tuple[int, str, int, int, int, float]]
"""Rank, label, posts, accounts, total and mean."""

_KNOWN = {"likes": "likes is not null or likes_hidden", "comments": "comments is not null"}
_LAST_COUNT = """
    select source, post_id, {by} as number from (
        select source, post_id, {by}, row_number() over (partition by source, post_id order by observed_at desc) as place
        from {observations} where {known}) counted
    where place = 1 and {by} is not null"""
_LABELS = """
    select distinct shown.source as source, shown.post_id as post_id, given.label as label
    from {post_pictures} shown
    join {labels} given on given.sha256 = shown.sha256
    join (select lane, version, row_number() over (partition by lane order by started_at desc) as place
          from {runs} where stage in ('classify', 'tag') and version is not null) loaded
        on loaded.lane = given.classifier and loaded.version = given.version and loaded.place = 1
    where given.classifier = '{classifier}' and shown.sha256 is not null"""
_STORED_LABELS = "select source, post_id, label from {post_labels} where classifier = '{classifier}'"
_RANKING = """
    select row_number() over (order by {order} desc, posts desc, label) as place, label, posts, accounts, total, mean
    from (select label, count(*) as posts, count(distinct concat(post.source, ' ', post.account)) as accounts,
                 sum(number) as total, cast(sum(number) as double) / count(*) as mean
          from ({labels}) labelled
          join ({counts}) counted on counted.source = labelled.source and counted.post_id = labelled.post_id
          join {posts} post on post.source = labelled.source and post.post_id = labelled.post_id
          group by label) summed
    order by place"""


def ranking_query(
    table: Table, classifier: str, by: By, statistic: Statistic, *, stored: bool = False
) -> str:
    """The query of one ranking, of all labels. With `stored` the labels of posts come from the table `post_labels`."""
    counts = (
        f"select source, post_id, 1 as number from {table('posts')}"
        if by == "count"
        else _LAST_COUNT.format(by=by, known=_KNOWN[by], observations=table("observations"))
    )
    template = _STORED_LABELS if stored else _LABELS
    names = ("post_pictures", "labels", "runs", "post_labels")
    labels = template.format(classifier=classifier, **{name: table(name) for name in names})
    order = "posts" if by == "count" else statistic
    return _RANKING.format(order=order, labels=labels, counts=counts, posts=table("posts"))
