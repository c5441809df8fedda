"""Queries of the report beside its rankings, over the published database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from warehouse.ranking.ranking_query import ALL_POSTS, RankingQuery


@dataclass(frozen=True, slots=True)
class AccountSummary:
    """An account: its stored posts, and its last known number of followers (or None)."""

    source: str
    account: str
    posts: int
    followers: int | None


def totals(
    database: duckdb.DuckDBPyConnection, chosen: RankingQuery = ALL_POSTS
) -> tuple[int, int, datetime | None, datetime | None]:
    """Numbers of posts and pictures, and the times of the first and last post (None if there is none).

    They are of the posts of `chosen`, whatever its classifier.
    """
    condition, values = chosen.post_conditions()
    pictures = "select count(*) from pictures"
    if condition != "true":
        pictures += f""" where sha256 in (select sha256 from post_pictures where (source, post_id) in
                         (select (source, post_id) from posts where {condition}))"""
    query = f"select count(*), ({pictures}), min(posted_at), max(posted_at) from posts where {condition}"
    [(posts, number, since, until)] = database.execute(query, values).fetchall()
    return posts, number, since, until


def account_summaries(
    database: duckdb.DuckDBPyConnection, chosen: RankingQuery = ALL_POSTS
) -> tuple[AccountSummary, ...]:
    """All accounts with posts of `chosen`, by source and name."""
    condition, values = chosen.post_conditions()
    rows = database.execute(
        f"""select posts.source, posts.account, count(*), any_value(seen.followers)
           from (from posts where {condition}) posts left join (
               select source, account, arg_max(followers, observed_at) as followers from accounts group by all) seen
           on seen.source = posts.source and seen.account = posts.account
           group by all order by 1, 2""",
        values,
    ).fetchall()
    return tuple(AccountSummary(*row) for row in rows)


def last_run(database: duckdb.DuckDBPyConnection) -> tuple[str, tuple[str, ...]]:
    """The id of the last run (empty if there is none), and a sentence for each stage that is not done."""
    rows = database.execute(
        """select run_id, trim(stage || ' ' || lane), status, coalesce(message, '') from runs
           where run_id = (select arg_max(run_id, started_at) from runs where stage = 'run')
             and (stage = 'run' or status in ('failed', 'incomplete'))
           order by stage = 'run' desc, started_at"""
    ).fetchall()
    notices = (f"{stage}: {status}. {message}" for _, stage, status, message in rows[1:])
    return (rows[0][0], tuple(notices)) if rows else ("", ())


def current_version(database: duckdb.DuckDBPyConnection, classifier: str) -> str | None:
    """The classifier's current version; None if no run has loaded it."""
    query = "select version from classifier_versions where classifier = ?"
    # All rows, because DuckDB refuses the next query while a result is unfinished.
    rows = database.execute(query, [classifier]).fetchall()
    return str(rows[0][0]) if rows else None
