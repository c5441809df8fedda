"""Tables from which all pairs of classifiers are compared: each part of a comparison that is not of one pair, once.

`warehouse.database.sql_comparing` has the same as views and macros; tests compare the two to the digit.
Here pictures, names and classifiers are numbers: the joins and groups of all labels are then several times faster.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from warehouse.database.sql_comparing import TOP
from warehouse.ranking.measures import By

_VALUES = {"likes": "likes", "comments": "comments", "count": "1::bigint"}

_TABLES = {
    "compared_names": """
        select name, row_number() over (order by name) as number
        from (select distinct name from label_names semi join compared_classifiers using (classifier))""",
    "numbered_labels": """
        select place as lane, label, number
        from label_names join compared_classifiers using (classifier) join compared_names using (name)""",
    # The numbers have the order of the hashes, which orders disagreements of the same size.
    "compared_pictures": """
        select *, row_number() over (order by sha256) as picture
        from (select distinct sha256 from current_labels semi join compared_classifiers using (classifier))
        left join (select sha256, path, true as is_stored from pictures) using (sha256)""",
    "scored_names": """
        select picture, lane, number, max(score) as score
        from current_labels join compared_classifiers using (classifier) join compared_pictures using (sha256)
        join numbered_labels on lane = compared_classifiers.place and numbered_labels.label = current_labels.label
        group by all""",
    # Most pictures have no more names than count, so that only the others need an order.
    "long_lists": f"select picture, lane from scored_names group by all having count(*) > {TOP}",
    "named_pictures": f"""
        from scored_names anti join long_lists using (picture, lane)
        union all
        from (from scored_names semi join long_lists using (picture, lane))
        qualify dense_rank() over (partition by picture, lane order by score desc) <= {TOP}""",
    "labelled_pictures": """
        select picture, lane, count(*) as names, max(score) as score from named_pictures group by all""",
    "agreements": """
        select picture, number, a.lane as lane, b.lane as other
        from named_pictures a join named_pictures b using (picture, number) where a.lane < b.lane""",
    "names_in_common": "select lane, other, picture, count(*) as names from agreements group by all",
    "pictures_in_common": "select lane, other, number, count(*) as pictures from agreements group by all",
    "named_counts": "select lane, number, count(*) as pictures from named_pictures group by all",
}

# A post has a name several times only if several labels of the classifier have it.
_RANKED_NAMES = """
    with values as (
        select place as lane, source, post_id, label, {value} as value
        from post_labels join compared_classifiers using (classifier) where {value} is not null),
    of_labels as (
        select lane, label, count(*) as posts, avg(value) as mean from values group by all),
    shared as (select lane, number from numbered_labels group by all having count(*) > 1),
    counted as (
        select lane, number, posts, mean
        from of_labels join numbered_labels using (lane, label) anti join shared using (lane, number)
        union all
        select lane, number, count(*) as posts, avg(value) as mean
        from (select distinct lane, number, source, post_id, value
              from values join (from numbered_labels semi join shared using (lane, number)) using (lane, label))
        group by all)
    select lane, number, name, posts, mean, coalesce(pictures, 0) as pictures,
           row_number() over (partition by lane order by {worth} desc, posts desc, name) as rank
    from counted join compared_names using (number) left join named_counts using (lane, number)"""

LABELS = """
    with ones as (from ranked_names where lane = $one), others as (from ranked_names where lane = $other),
    shared as (select number, pictures from pictures_in_common where lane = $one and other = $other)
    select name, ones.rank as rank, others.rank as other_rank, others.rank - ones.rank as difference,
           ones.posts as posts, others.posts as other_posts, ones.mean as mean, others.mean as other_mean,
           coalesce(ones.pictures, 0) as pictures, coalesce(others.pictures, 0) as other_pictures,
           coalesce(shared.pictures, 0) as both_pictures,
           coalesce(shared.pictures, 0) / nullif(coalesce(ones.pictures, 0) + coalesce(others.pictures, 0)
                                                 - coalesce(shared.pictures, 0), 0) as share
    from ones full join others using (number, name) left join shared using (number)
    order by both_pictures desc, abs(difference) desc nulls last, name"""
"""The rows of `compared_labels` for the classifiers `$one` and `$other`, by their places."""

_BOTH = """
    select picture, coalesce(common.names, 0) as names, one.names as one_names, two.names as other_names,
           least(one.score, two.score) as score
    from (from labelled_pictures where lane = $one) one join (from labelled_pictures where lane = $other) two
        using (picture)
    left join (from names_in_common where lane = $one and other = $other) common using (picture)"""

PAIRS = f"""
    select $first as classifier, $second as other, count(*) as pictures, count(*) filter (names > 0) as agreeing,
           agreeing / pictures as share, avg(names) as names_in_common
    from ({_BOTH}) having count(*) > 0"""
"""The row of `classifier_pairs`, for the classifiers with the names `$first` and `$second`."""

DISAGREEMENTS = f"""
    with farthest as (
        select picture, 1 - names / (one_names + other_names - names) as distance, names, score
        from ({_BOTH}) semi join (from compared_pictures where is_stored) using (picture)
        order by distance desc, score desc, picture limit $n),
    spoken as (
        select picture, lane, string_agg(name, ', ' order by named_pictures.score desc, name) as says
        from named_pictures semi join farthest using (picture) join compared_names using (number)
        where lane in ($one, $other) group by all)
    select sha256, distance, names as names_in_common, score, one.says as says, two.says as other_says, path
    from farthest join (from spoken where lane = $one) one using (picture)
    join (from spoken where lane = $other) two using (picture) join compared_pictures using (picture)
    order by distance desc, score desc, picture"""
"""The first `$n` rows of `disagreements`."""


def create_pair_tables(database: duckdb.DuckDBPyConnection, classifiers: Sequence[str], by: By) -> None:
    """Create the tables of these classifiers, whose number is their place here; `label_names` is there already."""
    database.execute(
        """create temp table compared_classifiers as
           select classifier, place from (select unnest($1) as classifier, unnest(range(len($1))) as place)""",
        [list(classifiers)],
    )
    for name, query in _TABLES.items():
        database.execute(f"create temp table {name} as {query}")
    value, worth = _VALUES[by], "posts" if by == "count" else "mean"
    database.execute(f"create temp table ranked_names as {_RANKED_NAMES.format(value=value, worth=worth)}")
