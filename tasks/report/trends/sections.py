"""Both sections from the published database: the posts are read once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import duckdb
import polars as pl

from tasks.report.chart_source import source_of_posts
from tasks.report.themes import is_of_themes
from tasks.report.trends.content import TrendSection
from tasks.report.trends.over_time import MAX_ACCOUNTS, Changes, over_time
from tasks.report.trends.posting_advice import MIN_POSTS, posting_advice
from warehouse.overview.account_levels import account_levels, largest_accounts
from warehouse.overview.like_growth import like_growth
from warehouse.overview.summary import current_version
from warehouse.ranking.posting_lifts import add_local_times, estimate_posting_lifts, read_posts
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.recent_lifts import (
    default_period,
    label_changes,
    label_lifts,
    labelled_posts,
    pair_lifts,
)


def make_trends(
    database: duckdb.DuckDBPyConnection, questions: Sequence[RankingQuery]
) -> tuple[TrendSection | None, TrendSection | None]:
    """The sections 'Over time' and 'What to post and when', for the classifiers of the questions.

    Each is None where data are missing. Account, period and time zone are those of the first question; all of its
    accounts are compared together.
    """
    first = questions[0] if questions else RankingQuery("")
    chosen = RankingQuery("", account=first.account, since=first.since, until=first.until)
    posts = read_posts(database, chosen)
    accounts = largest_accounts(posts)
    shown = accounts.head(MAX_ACCOUNTS).select("source", "account").iter_rows()
    levels = [account_levels(posts, source, account) for source, account in shown]
    source = source_of_posts(database, posts)
    labelled = {
        question: labelled_posts(database, question.classifier, posts)
        for question in _by_lift(database, questions)
    }
    timing = pl.DataFrame(schema={"dimension": pl.String, "lift": pl.Float64})
    if len(posts) >= MIN_POSTS:
        timing = estimate_posting_lifts(add_local_times(database, posts, first.time_zone))
    labels = {question.classifier: label_lifts(database, question, own) for question, own in labelled.items()}
    pairs = {
        question.classifier: pair_lifts(database, question, own, labels[question.classifier])
        for question, own in labelled.items()
    }
    any_label = pl.concat([posts.clear(), *labelled.values()]).unique("post")
    return (
        over_time(
            levels,
            accounts[MAX_ACCOUNTS:],
            _find_changes(database, labelled, any_label),
            like_growth(database, chosen),
            source,
        ),
        posting_advice(timing, labels, pairs, first.time_zone, source, source_of_posts(database, any_label)),
    )


def _find_changes(
    database: duckdb.DuckDBPyConnection, labelled: Mapping[RankingQuery, pl.DataFrame], posts: pl.DataFrame
) -> Changes | None:
    """The changes of each classifier's labels; None where the posts do not reach over two periods."""
    period = default_period(posts)
    if period is None:
        return None
    frames = {
        question.classifier: label_changes(database, question, own, period)
        for question, own in labelled.items()
    }
    first = period.since - timedelta(days=period.days)
    both = posts.filter(pl.col("posted_at").dt.date().is_between(first, period.until))
    return Changes(frames, period, source_of_posts(database, both))


def _by_lift(
    database: duckdb.DuckDBPyConnection, questions: Sequence[RankingQuery]
) -> Iterator[RankingQuery]:
    """The question of each labelled classifier by lift in likes; themes are no labels that one can choose to post."""
    for question in questions:
        version = current_version(database, question.classifier)
        if question.by == "likes" and version is not None and not is_of_themes(version):
            yield replace(question, statistic="lift")
