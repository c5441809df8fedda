"""Why a ranking is empty, as a sentence for the user.

The first reason that applies is given: the classifier has no labels, the account has no labelled posts, the posts have
no known number, or no label has enough posts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

import duckdb
import polars as pl

from warehouse.comparable_posts import comparable_posts
from warehouse.ranking_query import RankingQuery

NO_LIFT = {
    "no_count": "no post with them has a known number.",
    "no_others": "all posts of the same account and time have them, so there is nothing to compare them with.",
    "no_variation": "all posts have the same number.",
    "few_counts": "their posts have too few comments.",
    "inseparable": "they always come with other labels, or with a kind of post.",
}
"""A sentence for each reason of `warehouse.lift.estimate`."""
_FEWER_POSTS = "Use a smaller --min-posts, or min_posts under [rank]."
MAX_ACCOUNTS = 10
"""Accounts that are listed when the requested one is unknown."""


def why_empty(database: duckdb.DuckDBPyConnection, question: RankingQuery) -> str:
    """One or two sentences; `database` is the published one, and the ranking of the question is empty there."""
    name = question.classifier
    if not _number(database, "select count(*) from current_labels where classifier = ?", name):
        return why_unlabelled(database, name)
    if question.within is not None:
        names = (
            "select distinct unnest([label, label_group]) from post_labels where classifier = ? order by 1"
        )
        labels = [str(label) for (label,) in database.execute(names, [name]).fetchall()]
        if question.within not in labels:
            return (
                f"{name} has given no post the label {question.within!r}.{_nearest(question.within, labels)}"
            )
    scope = "classifier = ? and (? is null or account = ?)"
    values = [name, question.account, question.account]
    posts = _number(
        database, f"select count(distinct (source, post_id)) from post_labels where {scope}", *values
    )
    if posts == 0:
        return _no_posts(database, question)
    if question.by != "count":
        known = f"select count(*) from post_labels where {scope} and {question.by} is not null"
        if not _number(database, known, *values):
            return _no_numbers(database, question, posts)
    condition, parameters = question.conditions()
    matching = f"""select count(*) from posts semi join (select source, post_id from post_labels
                   where classifier = $classifier) using (source, post_id) where {condition}"""
    if not _number_of(database, matching, parameters):
        return f"No post that {name} labelled is in the chosen part. Use other values of --source, --since, --until, --kind or --within."
    return _no_lift(database, question) if question.by_lift else _too_few_posts(database, question)


def _no_lift(database: duckdb.DuckDBPyConnection, question: RankingQuery) -> str:
    """Why labels with enough posts have no lift, or that none has enough posts."""
    from warehouse.lift_rankings import all_lifts

    compared = comparable_posts(database, question)
    if compared.posts.is_empty():
        return compared.describe(question.by)
    enough = all_lifts(database, question).filter(pl.col("posts") >= question.least_posts)
    if enough.is_empty():
        return _too_few_compared(database, question)
    reason = enough["reason"].mode().sort()[0]
    return f"Of {len(enough):,} labels with enough posts none can be compared: {NO_LIFT[reason]}"


def _too_few_compared(database: duckdb.DuckDBPyConnection, question: RankingQuery) -> str:
    """Which label has the most of the compared posts; pairs are many, so the most frequent one is not sought."""
    from warehouse.lift_rankings import all_lifts

    if question.pairs:
        return f"No pair of labels has {_posts(question.least_posts)} with a known number. {_FEWER_POSTS}"
    alone = all_lifts(database, replace(question, adjusted=False))
    if alone.is_empty():
        return "The compared posts have no other label."
    largest = alone.sort("posts", "label", descending=[True, False]).row(0, named=True)
    if largest["posts"] >= question.least_posts:
        return f"No label can be separated from the others: {NO_LIFT[largest['reason'] or 'inseparable']}"
    return _describe_largest(question, largest["label"], largest["posts"])


def why_unlabelled(database: duckdb.DuckDBPyConnection, classifier: str) -> str:
    """Why no picture has a label of the classifier's current version."""
    last_run = database.execute(
        """select status, coalesce(message, '') from runs where lane = ? and stage in ('classify', 'tag')
           order by started_at desc limit 1""",
        [classifier],
    ).fetchone()
    if last_run is None:
        return (
            f"No run has used the classifier {classifier} yet. Run `likelens run`, or `likelens relabel --classifier"
            f" {classifier}` for the stored pictures."
        )
    status, message = last_run
    if status == "failed":
        return f"The classifier {classifier} could not run: {message}"
    if not _number(database, "select count(*) from pictures"):
        return (
            f"No picture is stored, so the classifier {classifier} had nothing to label. Run `likelens status` to see"
            " why."
        )
    if reasons := _unlabelled(database, classifier):
        return f"No picture got a label of {classifier}: {reasons}. The table unlabelled lists each picture."
    return f"The classifier {classifier} has not labelled a picture yet ({status}). {message}".strip()


def _unlabelled(database: duckdb.DuckDBPyConnection, classifier: str) -> str:
    """The reasons with their numbers, such as `corrupt 3, no_labels 1`."""
    rows = database.execute(
        """select reason, count(distinct sha256) from unlabelled semi join classifier_versions using (classifier, version)
           where classifier = ? group by 1 order by 2 desc, 1""",
        [classifier],
    ).fetchall()
    return ", ".join(f"{reason} {number:,}" for reason, number in rows)


def _no_posts(database: duckdb.DuckDBPyConnection, question: RankingQuery) -> str:
    if question.account is None:
        return f"The pictures that {question.classifier} labelled belong to no stored post."
    stored = _number(database, "select count(*) from posts where account = ?", question.account)
    if stored:
        return (
            f"The account {question.account} has {_posts(stored)}, but none with a picture that {question.classifier}"
            " has labelled."
        )
    rows = database.execute("select distinct account from posts order by 1").fetchall()
    names = [str(name) for (name,) in rows]
    if nearest := _nearest(question.account, names):
        return f"No post of an account {question.account!r} is stored.{nearest}"
    more = f" and {len(names) - MAX_ACCOUNTS} more" if len(names) > MAX_ACCOUNTS else ""
    return (
        f"No post of an account {question.account!r} is stored. Accounts with posts:"
        f" {', '.join(names[:MAX_ACCOUNTS]) or 'none'}{more}."
    )


def _no_numbers(database: duckdb.DuckDBPyConnection, question: RankingQuery, posts: int) -> str:
    """Why none of the labelled posts has a number: hidden by the owner, or not shown by the source."""
    other = "comments" if question.by == "likes" else "likes"
    advice = f" Rank by {other} or count."
    hidden = _number(
        database,
        """select count(distinct (source, post_id)) from latest_observations semi join
           (select source, post_id from post_labels where classifier = ? and (? is null or account = ?))
           using (source, post_id) where likes_hidden""",
        question.classifier,
        question.account,
        question.account,
    )
    if question.by == "likes" and hidden == posts:
        return f"The likes of all {_posts(posts)} are hidden by their owner.{advice}"
    some_hidden = f" ({hidden:,} have hidden likes)" if question.by == "likes" and hidden else ""
    return f"None of the {_posts(posts)} has a known number of {question.by}{some_hidden}.{advice}"


def _too_few_posts(database: duckdb.DuckDBPyConnection, question: RankingQuery) -> str:
    label = "label_group" if question.grouped else "label"
    value = "1" if question.by == "count" else question.by
    condition, values = question.conditions()
    other = "true" if question.within is None else f"{label} <> $within"
    largest = database.execute(
        f"""select {label}, count(distinct (source, post_id)) as posts from post_labels
            semi join (select source, post_id from posts where {condition}) using (source, post_id)
            where classifier = $classifier and {value} is not null and {other}
            group by 1 order by 2 desc, 1 limit 1""",
        values,
    ).fetchone()
    return "There is nothing to rank." if largest is None else _describe_largest(question, *largest)


def _describe_largest(question: RankingQuery, name: str, posts: int) -> str:
    return (
        f"No label has {_posts(question.least_posts)} with a known number: the most is {posts:,}, of {name!r}."
        f" {_FEWER_POSTS}"
    )


def _nearest(name: str, names: Sequence[str]) -> str:
    """A sentence with the names that are most similar; empty when none is."""
    similar = get_close_matches(name, names)
    return f" Did you mean {', '.join(map(repr, similar))}?" if similar else ""


def _posts(number: int) -> str:
    return "1 post" if number == 1 else f"{number:,} posts"


def _number(database: duckdb.DuckDBPyConnection, query: str, *values: Any) -> int:
    return _number_of(database, query, list(values))


def _number_of(database: duckdb.DuckDBPyConnection, query: str, values: list[Any] | dict[str, Any]) -> int:
    [(number,)] = database.execute(query, values).fetchall()
    return int(number)
