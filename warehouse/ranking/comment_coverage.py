"""How many of the stored comments were read and measured: a share of comments is shown with this beside it."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from warehouse.ranking.ranking_query import RankingQuery
from warehouse.schema.current_reader import CURRENT_READER

MAX_LANGUAGES = 5
"""Languages that are listed where no comment has a tone: the most frequent ones."""
_CHOSEN = f"""chosen as (select source, post_id from posts
                        semi join (select source, post_id from post_labels where classifier = $classifier)
                            using (source, post_id) where {{condition}}),
             readings as (select * from (select * from comment_readings where version = {CURRENT_READER})
                          semi join chosen using (source, post_id))"""
_COUNTS = """with {chosen}
             select (select count(*) from comments semi join chosen using (source, post_id) where text is not null),
                    count(*), count(*) filter (spam), count(tone) filter (not spam) from readings"""
_LANGUAGES = """with {chosen}
                select coalesce(language, 'unknown'), count(*) from readings where not spam
                group by 1 order by 2 desc, 1 limit {most}"""


@dataclass(frozen=True, slots=True)
class CommentCoverage:
    """Numbers of comments of some posts: stored ones with a text, read ones, spam, and others with a tone."""

    stored: int
    read: int
    spam: int
    with_tone: int


def count_comments(connection: duckdb.DuckDBPyConnection, question: RankingQuery) -> CommentCoverage:
    """Count the comments of the posts of a question, also of those that have no share.

    `connection` is one of `ranked_database`. The stored comments are those of today, also for a past day.
    """
    query, values = _query(_COUNTS, question)
    return CommentCoverage(*connection.execute(query, values).fetchall()[0])


def describe_comments(connection: duckdb.DuckDBPyConnection, question: RankingQuery) -> str:
    """Which part of the comments was read and measured, in a sentence; empty where the ranking is of no comments."""
    if question.measure is None or question.measure.per != "comments":
        return ""
    counts = count_comments(connection, question)
    text = f"Of {_comments(counts.stored, 'stored')} {_part(counts.read, counts.stored)} were read"
    if question.as_of is not None:
        text = f"Until then {_comments(counts.read, '')} had been read"
    if question.by == "spam":
        return f"{text}."
    others = counts.read - counts.spam
    if question.by == "questions":
        return f"{text}; {counts.spam:,} of these are spam and left out."
    return (
        f"{text}, and of the {others:,} without spam {_part(counts.with_tone, others)} have a measured tone."
    )


def why_unmeasured(connection: duckdb.DuckDBPyConnection, question: RankingQuery) -> str:
    """Why no post of a question has a share of comments, in one or two sentences."""
    counts = count_comments(connection, question)
    if question.as_of is not None and not counts.read:
        return f"At the end of {question.as_of} no comment of these posts had been read. Use a later --as-of."
    if not counts.stored:
        return (
            f"No comment of these posts is stored, so there is no {question.by} to rank by. A source reads comments if it"
            " shows them and has comments = true."
        )
    if not counts.read:
        return f"None of the {_comments(counts.stored, 'stored')} has been read yet. Run `likelens run`."
    if counts.read == counts.spam:
        return f"All of the {_comments(counts.read, 'read')} are spam. Rank by spam."
    query, values = _query(_LANGUAGES, question)
    languages = ", ".join(
        f"{name} {number:,}" for name, number in connection.execute(query, values).fetchall()
    )
    return (
        f"None of the {_comments(counts.read - counts.spam, 'read')} has a tone: no lexicon or model fits their"
        f" languages ({languages}). Rank by questions or spam, which need none."
    )


def _query(query: str, question: RankingQuery) -> tuple[str, dict[str, object]]:
    condition, values = question.conditions()
    chosen = _CHOSEN.format(condition=condition)
    return query.format(chosen=chosen, most=MAX_LANGUAGES), values


def _comments(number: int, which: str) -> str:
    return " ".join(filter(None, (f"{number:,}", which, "comment" if number == 1 else "comments")))


def _part(number: int, of: int) -> str:
    """A number with its percentage; all of them only where it is all."""
    share = number / of if of else 0.0
    percentage = f"{share:.0%}" if number in (0, of) or 0.005 <= share < 0.995 else f"{100 * share:.2f} %"
    return f"{number:,} ({percentage.replace('%', ' %').replace('  ', ' ')})"
