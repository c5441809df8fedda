"""Why a ranking is empty, in words for the person who asked for it.

The first reason that holds is given, from the classifier to the question: the classifier has no labels, the
account no labelled posts, the posts no known number, or no label has enough posts.
"""

from __future__ import annotations

from typing import Any

import duckdb

from warehouse.rankings import Question

MAX_ACCOUNTS = 10
"""So many accounts are listed where one is not known."""


def why_empty(database: duckdb.DuckDBPyConnection, question: Question) -> str:
    """One or two sentences; `database` is the published one, and the ranking of the question is empty there."""
    name = question.classifier
    if not _number(database, "select count(*) from current_labels where classifier = ?", name):
        return why_unlabelled(database, name)
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
    return _too_few_posts(database, question)


def why_unlabelled(database: duckdb.DuckDBPyConnection, classifier: str) -> str:
    """Why no picture has a label of the classifier's current version."""
    found = database.execute(
        """select status, coalesce(message, '') from runs where lane = ? and stage in ('classify', 'tag')
           order by started_at desc limit 1""",
        [classifier],
    ).fetchone()
    if found is None:
        return (
            f"No run has used the classifier {classifier} yet. Run `likelens run`, or `likelens relabel --classifier"
            f" {classifier}` for the stored pictures."
        )
    status, message = found
    if status == "failed":
        return f"The classifier {classifier} could not run: {message}"
    if not _number(database, "select count(*) from pictures"):
        return f"No picture is stored, so the classifier {classifier} had nothing to label. `likelens status` says why."
    if reasons := _unlabelled(database, classifier):
        return f"No picture got a label of {classifier}: {reasons}. The table unlabelled has each picture."
    return f"The classifier {classifier} has not labelled a picture yet ({status}). {message}".strip()


def _unlabelled(database: duckdb.DuckDBPyConnection, classifier: str) -> str:
    """The reasons with their numbers, such as `corrupt 3, no_labels 1`."""
    rows = database.execute(
        """select reason, count(distinct sha256) from unlabelled semi join classifier_versions using (classifier, version)
           where classifier = ? group by 1 order by 2 desc, 1""",
        [classifier],
    ).fetchall()
    return ", ".join(f"{reason} {number:,}" for reason, number in rows)


def _no_posts(database: duckdb.DuckDBPyConnection, question: Question) -> str:
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
    more = f" and {len(names) - MAX_ACCOUNTS} more" if len(names) > MAX_ACCOUNTS else ""
    return (
        f"No post of an account {question.account!r} is stored. Accounts with posts:"
        f" {', '.join(names[:MAX_ACCOUNTS]) or 'none'}{more}."
    )


def _no_numbers(database: duckdb.DuckDBPyConnection, question: Question, posts: int) -> str:
    """Why none of the labelled posts has a number: hidden by the owner, or not shown by the source."""
    other = "comments" if question.by == "likes" else "likes"
    instead = f" Rank by {other} or count."
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
        return f"The likes of all {_posts(posts)} are hidden by their owner.{instead}"
    also = f" ({hidden:,} have hidden likes)" if question.by == "likes" and hidden else ""
    return f"None of the {_posts(posts)} has a known number of {question.by}{also}.{instead}"


def _too_few_posts(database: duckdb.DuckDBPyConnection, question: Question) -> str:
    label = "label_group" if question.grouped else "label"
    value = "1" if question.by == "count" else question.by
    found = database.execute(
        f"""select {label}, count(distinct (source, post_id)) as posts from post_labels
            where classifier = ? and (? is null or account = ?) and {value} is not null
            group by 1 order by 2 desc, 1 limit 1""",
        [question.classifier, question.account, question.account],
    ).fetchone()
    if found is None:
        return "There is nothing to rank."
    best, posts = found
    return (
        f"No label has {_posts(question.min_posts)} with a known number: the most is {posts:,}, of {best!r}. Lower"
        " --min-posts, or min_posts under [rank]."
    )


def _posts(number: int) -> str:
    return "1 post" if number == 1 else f"{number:,} posts"


def _number(database: duckdb.DuckDBPyConnection, query: str, *values: Any) -> int:
    found = database.execute(query, list(values)).fetchone()
    return 0 if found is None else int(found[0])
