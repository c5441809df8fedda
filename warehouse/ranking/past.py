"""The published database as it was known at the end of a past day: temporary views that hide those of today.

Rows that were stored later are left out where a time says so: posts and labels that no run had seen or given yet,
observations of posts and accounts, and versions of classifiers. A post's own values, such as its kind, whether it is
pinned, and its pictures, are those of today, because the tables have no older ones.
"""

from __future__ import annotations

from datetime import date, datetime
from weakref import WeakKeyDictionary

import duckdb

from warehouse.ranking.measures import POST_MEASURES

_TIMES = {
    "posts": "first_seen_at",
    "observations": "observed_at",
    "accounts": "observed_at",
    "comment_readings": "read_at",
    "labels": "labelled_at",
    "runs": "coalesce(ended_at, started_at)",
}
"""The time from which a row of these tables was known."""
_VIEWS = {
    "latest_observations": """
        select source, post_id, observed_at, counts.likes as likes, comments, coalesce(counts.likes_hidden, false) as likes_hidden,
               likes_at, comments_at
        from (select source, post_id, max(observed_at) as observed_at, arg_max(comments, observed_at) as comments,
                     max(observed_at) filter (likes is not null or likes_hidden) as likes_at,
                     max(observed_at) filter (comments is not null) as comments_at,
                     arg_max(struct_pack(likes := likes, likes_hidden := likes_hidden), observed_at)
                         filter (likes is not null or likes_hidden) as counts
              from temp.main.observations group by all)""",
    "classifier_versions": """
        select lane as classifier, arg_max(version, started_at) as version from temp.main.runs
        where stage in ('classify', 'tag') and version is not null group by lane""",
    "current_labels": """
        select * from temp.main.labels semi join temp.main.classifier_versions using (classifier, version)""",
    "post_labels": """
        select *, row_number() over (partition by source, post_id, classifier order by label_group, label) = 1 as first_label,
               row_number() over (partition by source, post_id, classifier, label_group order by label) = 1 as first_in_group
        from (
        select source, post_id, classifier, label, account, posted_at, max(score) as score, likes, comments,
               arg_max(sha256, row(score, sha256)) as sha256, version, coalesce(label_group, label) as label_group
        from temp.main.current_labels left join label_groups using (classifier, label)
        join post_pictures using (sha256) join temp.main.posts using (source, post_id)
        left join temp.main.latest_observations using (source, post_id) group by all)""",
    "post_measures": POST_MEASURES,
}
"""The same as those of `warehouse.database.sql`, over the rows that were known; a test compares them."""

_OLDER_VIEWS = {
    "observations": """select *, null::bigint as shares, null::boolean as shares_rounded
                       from {database}.main.observations""",
    "latest_observations": _VIEWS["latest_observations"],
    "post_labels": """select columns(lambda name: name <> 'first_label'),
                             row_number() over (partition by source, post_id, classifier) = 1 as first_label
                      from {database}.main.post_labels""",
}
"""What the database of an older likelens, without `post_measures`, lacks: columns that rankings read."""

_NO_READINGS = """create temp view comment_readings as
    select null::varchar as source, null::varchar as post_id, null::varchar as version, null::double as tone,
           null::boolean as spam, null::boolean as question, null::timestamp as read_at where false"""


def show_past(connection: duckdb.DuckDBPyConnection, day: date) -> None:
    """Make the connection's tables and views those of the end of the day (UTC)."""
    database = _database_of(connection)
    for table, time in _TIMES.items():
        if _has_view(connection, table):
            connection.execute(
                f"create or replace temp view {table} as select * from {database}.main.{table}"
                f" where {time} < date '{day.isoformat()}' + interval 1 day"
            )
    for name, query in _VIEWS.items():
        connection.execute(f"create or replace temp view {name} as {query}")


_checked: WeakKeyDictionary[duckdb.DuckDBPyConnection, bool] = WeakKeyDictionary()
"""What `ensure_measures` returned by connection: a ranking calls it three times."""


def ensure_measures(connection: duckdb.DuckDBPyConnection) -> bool:
    """Complete the view `post_measures` if an older likelens published the database, without shares of comments.

    True if that likelens had no such view at all; then there are no shares either.
    """
    if connection not in _checked:
        _checked[connection] = _complete_measures(connection)
    return _checked[connection]


def _complete_measures(connection: duckdb.DuckDBPyConnection) -> bool:
    # Not by `duckdb_columns`, for which DuckDB plans each view of the database.
    definition = "select sql from duckdb_views() where view_name = 'post_measures'"
    found = connection.execute(definition).fetchall()
    if any("denominator" in sql for (sql,) in found):
        return False
    is_older = not found
    if is_older:
        for name, query in _OLDER_VIEWS.items():
            older = query.format(database=_database_of(connection))
            connection.execute(f"create temp view {name} as {older}")
    if not _has_view(connection, "comment_readings"):
        connection.execute(_NO_READINGS)
    connection.execute(f"create temp view post_measures as {POST_MEASURES}")
    return is_older


def _has_view(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether the published database has the view."""
    query = "select 1 from duckdb_views() where view_name = ? and database_name = current_database()"
    return bool(connection.execute(query, [name]).fetchall())


def first_label(connection: duckdb.DuckDBPyConnection, classifier: str) -> datetime | None:
    """When the classifier gave its first label, also where the connection shows a day before."""
    query = f"select min(labelled_at) from {_database_of(connection)}.main.labels where classifier = ?"
    [(first,)] = connection.execute(query, [classifier]).fetchall()
    return None if first is None else datetime.fromisoformat(str(first))


def _database_of(connection: duckdb.DuckDBPyConnection) -> str:
    [(name,)] = connection.execute("select current_database()").fetchall()
    return '"' + str(name).replace('"', '""') + '"'
