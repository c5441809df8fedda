"""Both sections from the published database: the posts are read once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import duckdb
import polars as pl

from tasks.report.themes import is_of_themes
from tasks.report.trends.content import TrendSection
from tasks.report.trends.over_time import MAX_ACCOUNTS, over_time
from tasks.report.trends.posting_advice import MIN_POSTS, posting_advice
from warehouse.overview.account_levels import account_levels, largest_accounts
from warehouse.overview.like_growth import like_growth
from warehouse.overview.summary import current_version
from warehouse.ranking.posting_lifts import add_local_times, estimate_posting_lifts, read_posts
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.recent_lifts import (
    default_period,
    label_changes,
    labelled_posts,
    pair_lifts,
    stored_lifts,
)


def make_trends(
    database: duckdb.DuckDBPyConnection, questions: Sequence[RankingQuery], time_zone: str
) -> tuple[TrendSection | None, TrendSection | None]:
    """The sections 'Over time' and 'What to post and when', for the classifiers of the questions.

    Each is None where data are missing. All accounts are compared together; weekdays and hours are those of the IANA
    time zone.
    """
    posts = read_posts(database)
    accounts = largest_accounts(posts)
    shown = accounts.head(MAX_ACCOUNTS).select("source", "account").iter_rows()
    levels = [account_levels(posts, source, account) for source, account in shown]
    period = default_period(posts)
    labels, pairs, changes = {}, {}, {}
    for question in _by_lift(database, questions):
        name = question.classifier
        labelled = labelled_posts(database, name, posts)
        labels[name] = stored_lifts(database, question)
        pairs[name] = pair_lifts(database, question, labelled, labels[name])
        if period is not None:
            changes[name] = label_changes(database, question, labelled, period)
    timing = pl.DataFrame(schema={"dimension": pl.String, "lift": pl.Float64})
    if len(posts) >= MIN_POSTS:
        timing = estimate_posting_lifts(add_local_times(database, posts, time_zone))
    return (
        over_time(levels, accounts[MAX_ACCOUNTS:], changes, period, like_growth(database)),
        posting_advice(timing, labels, pairs, time_zone),
    )


def _by_lift(
    database: duckdb.DuckDBPyConnection, questions: Sequence[RankingQuery]
) -> Iterator[RankingQuery]:
    """The question of each labelled classifier by lift in likes; themes are no labels that one can choose to post."""
    for question in questions:
        version = current_version(database, question.classifier)
        if question.by == "likes" and version is not None and not is_of_themes(version):
            yield replace(question, statistic="lift")
