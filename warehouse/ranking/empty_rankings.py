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

from warehouse.ranking.comment_coverage import why_unmeasured
from warehouse.ranking.comparable_posts import comparable_posts, count_posts
from warehouse.ranking.measures import STORED_BY
from warehouse.ranking.past import first_label
from warehouse.ranking.ranking_query import EXCLUSIONS, RankingQuery
from warehouse.ranking.rankings import read_rows

NO_LIFT = {
    "no_count": "no post with them has a known number.",
    "no_others": "all posts of the same account and time have them, so there is nothing to compare them with.",
    "no_variation": "all posts have the same number.",
    "few_counts": "their posts have too few {counts}.",
    "inseparable": "they always come with other labels, or with a kind of post.",
}
"""A sentence for each reason of `warehouse.ranking.lift.estimate`."""
_FEWER_POSTS = "Use a smaller --min-posts, or min_posts under [rank]."
MAX_ACCOUNTS = 10
"""Accounts that are listed when the requested one is unknown."""


def why_empty(database: duckdb.DuckDBPyConnection, question: RankingQuery) -> str:
    """One or two sentences; `database` is the published one, and the ranking of the question is empty there."""
    name = question.classifier
    if not _number(database, "select count(*) from current_labels where classifier = ?", name):
        return _not_yet(database, question) or why_unlabelled(database, name)
    if unknown := _unknown_name(database, question):
        return unknown
    scope = "classifier = ? and (? is null or account = ?)"
    values = [name, question.account, question.account]
    posts = _number(
        database, f"select count(distinct (source, post_id)) from post_labels where {scope}", *values
    )
    if posts == 0:
        return _no_posts(database, question)
    if not count_posts(database, _in_account(question)).counted:
        return _no_numbers(database, question, posts)
    return _nothing_chosen(database, question) or _not_enough(database, question)


def _unknown_name(database: duckdb.DuckDBPyConnection, question: RankingQuery) -> str | None:
    """That the label of --within, or the source, does not exist, with the nearest names; None where both do."""
    if question.within is not None and (
        unknown := _unknown_label(database, question.classifier, question.within)
    ):
        return unknown
    if question.source is not None:
        sources = _names(database, "select distinct source from posts")
        if question.source not in sources:
            known = (
                nearest(question.source, sources) or f" Sources with posts: {', '.join(sources) or 'none'}."
            )
            return f"No post of a source {question.source!r} is stored.{known}"
    return None


def _unknown_label(database: duckdb.DuckDBPyConnection, classifier: str, within: str) -> str | None:
    query = "select distinct unnest([label, label_group]) from post_labels where classifier = ?"
    labels = _names(database, query, classifier)
    if within in labels:
        return None
    other, colon, label = within.partition(":")
    known = _names(database, "select distinct classifier from post_labels")
    if not colon:
        if other in known and within in _names(database, query, other):
            return None
        return f"{classifier} has given no post the label {within!r}.{nearest(within, labels)}"
    if other not in known:
        return (
            f"No post has labels of {other!r}, which --within names before the colon. Classifiers with labels:"
            f" {', '.join(known) or 'none'}.{nearest(other, known)}"
        )
    labels = _names(database, query, other)
    return (
        None if label in labels else f"{other} has given no post the label {label!r}.{nearest(label, labels)}"
    )


def _nothing_chosen(database: duckdb.DuckDBPyConnection, question: RankingQuery) -> str | None:
    """That the options choose no post; None where they choose some."""
    condition, parameters = question.conditions()
    matching = f"""select count(*) from posts semi join (select source, post_id from post_labels
                   where classifier = $classifier) using (source, post_id) where {condition}"""
    if _number_of(database, matching, parameters):
        return None
    *first, last = _options(question)
    options = f"{', '.join(first)} and {last}" if first else last
    return (
        f"No post that {question.classifier} labelled is in the chosen part. Use other values of {options}."
    )


def _not_enough(database: duckdb.DuckDBPyConnection, question: RankingQuery) -> str:
    if question.against_before:
        return _no_change(database, question)
    return _no_lift(database, question) if question.by_lift else _too_few_posts(database, question)


def _not_yet(database: duckdb.DuckDBPyConnection, question: RankingQuery) -> str | None:
    """That the classifier has labelled pictures after the day of the question only; None where it has not."""
    if question.as_of is None or (first := first_label(database, question.classifier)) is None:
        return None
    return (
        f"At the end of {question.as_of} no picture had a label of {question.classifier}: its first labels are of"
        f" {first:%Y-%m-%d}. Use a later --as-of."
    )


def _options(question: RankingQuery) -> list[str]:
    """The options that choose the posts of the question."""
    options = {"weekdays": "--weekday", "hours": "--hour"}
    fields = ("account", "source", "since", "until", "kind", *options, "within", "as_of", *EXCLUSIONS)
    used = [field for field in fields if getattr(question, field) not in (None, (), False)]
    return [options.get(field, f"--{field.replace('_', '-')}") for field in used]


def _no_change(database: duckdb.DuckDBPyConnection, question: RankingQuery) -> str:
    from warehouse.ranking.lift_changes import before

    periods = [
        f"{count_posts(database, one).counted:,} posts from {one.since} to {one.until}"
        for one in (question, before(question))
    ]
    return (
        f"No label has a lift in both periods, with at least {_posts(question.least_posts)} in each. Compared are"
        f" {' and '.join(periods)}. {_FEWER_POSTS}"
    )


def _no_lift(database: duckdb.DuckDBPyConnection, question: RankingQuery) -> str:
    """Why labels with enough posts have no lift, or that none has enough posts."""
    from warehouse.ranking.lift_rankings import all_lifts

    compared = comparable_posts(database, question)
    if compared.posts.is_empty() or compared.counts.sliced == 0:
        return compared.counts.describe("compared")
    import polars as pl

    enough = all_lifts(database, question).filter(pl.col("posts") >= question.least_posts)
    if enough.is_empty():
        return _too_few_compared(database, question)
    reason = enough["reason"].mode().sort()[0]
    return (
        f"Of {len(enough):,} labels with enough posts none can be compared: {_why_no_lift(question, reason)}"
    )


def _why_no_lift(question: RankingQuery, reason: str | None) -> str:
    assert question.measure is not None, "a count has no lift"
    return NO_LIFT[reason or "inseparable"].format(counts=question.measure.counts or question.measure.name)


def _too_few_compared(database: duckdb.DuckDBPyConnection, question: RankingQuery) -> str:
    """Which label has the most of the compared posts; pairs are many, so the most frequent one is not sought."""
    from warehouse.ranking.lift_rankings import all_lifts

    if question.pairs:
        return f"No pair of labels has {_posts(question.least_posts)} with a known number. {_FEWER_POSTS}"
    alone = all_lifts(database, replace(question, adjusted=False))
    if alone.is_empty():
        return "The compared posts have no other label."
    largest = alone.sort("posts", "label", descending=[True, False]).row(0, named=True)
    if largest["posts"] >= question.least_posts:
        return f"No label can be separated from the others: {_why_no_lift(question, largest['reason'])}"
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
    return describe_unknown_account(database, question.account)


def describe_unknown_account(database: duckdb.DuckDBPyConnection, account: str) -> str:
    """That no post of the account is stored, with the nearest names, or those of some accounts."""
    names = _names(database, "select distinct account from posts")
    if similar := nearest(account, names):
        return f"No post of an account {account!r} is stored.{similar}"
    more = f" and {len(names) - MAX_ACCOUNTS} more" if len(names) > MAX_ACCOUNTS else ""
    return (
        f"No post of an account {account!r} is stored. Accounts with posts:"
        f" {', '.join(names[:MAX_ACCOUNTS]) or 'none'}{more}."
    )


def _no_numbers(database: duckdb.DuckDBPyConnection, question: RankingQuery, posts: int) -> str:
    """Why none of the labelled posts has a number: hidden by the owner, or not shown by the source."""
    measure = question.measure
    assert measure is not None, "each post counts 1"
    if measure.per == "comments":
        return why_unmeasured(database, _in_account(question))
    counts = count_posts(database, _in_account(question))
    advice = f" Rank by {'comments' if question.by == 'likes' else 'likes'} or count."
    if counts.hidden == posts:
        return f"The likes of all {_posts(posts)} are hidden by their owner.{advice}"
    some_hidden = f" ({counts.hidden:,} have hidden likes)" if counts.hidden else ""
    if question.by in STORED_BY:
        return f"None of the {_posts(posts)} has a known number of {question.by}{some_hidden}.{advice}"
    return f"None of the {_posts(posts)} counts: {counts.unknown:,} {measure.lacking}{some_hidden}.{advice}"


def _in_account(question: RankingQuery) -> RankingQuery:
    """The question without its choices but the account."""
    return RankingQuery(question.classifier, question.by, account=question.account, as_of=question.as_of)


def _too_few_posts(database: duckdb.DuckDBPyConnection, question: RankingQuery) -> str:
    rows = read_rows(database, question)
    if question.by != "count":
        rows = rows.drop_nulls(question.by)
    import polars as pl

    rows = rows.filter(~pl.col("label").is_in(question.labels_left_out))
    largest = rows.group_by("label").len().sort("len", "label", descending=[True, False])
    return "There is nothing to rank." if largest.is_empty() else _describe_largest(question, *largest.row(0))


def _describe_largest(question: RankingQuery, name: str, posts: int) -> str:
    return (
        f"No label has {_posts(question.least_posts)} with a known number: the most is {posts:,}, of {name!r}."
        f" {_FEWER_POSTS}"
    )


def nearest(name: str, names: Sequence[str]) -> str:
    """A sentence with the names that are most similar; empty when none is."""
    similar = get_close_matches(name, names)
    return f" Did you mean {', '.join(map(repr, similar))}?" if similar else ""


def _names(database: duckdb.DuckDBPyConnection, query: str, *values: Any) -> list[str]:
    return sorted(str(name) for (name,) in database.execute(query, list(values)).fetchall())


def _posts(number: int) -> str:
    return "1 post" if number == 1 else f"{number:,} posts"


def _number(database: duckdb.DuckDBPyConnection, query: str, *values: Any) -> int:
    return _number_of(database, query, list(values))


def _number_of(database: duckdb.DuckDBPyConnection, query: str, values: list[Any] | dict[str, Any]) -> int:
    [(number,)] = database.execute(query, values).fetchall()
    return int(number)
