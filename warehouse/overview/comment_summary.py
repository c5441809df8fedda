"""What the report says about comments: how much was measured, languages, topics, and a comment of each topic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from warehouse.ranking.ranking_query import RankingQuery
from warehouse.schema.current_reader import CURRENT_READER

QUOTE_LENGTHS = (12, 160)
"""Characters of a comment that may be shown as it is."""


@dataclass(frozen=True, slots=True)
class CommentTotals:
    """Numbers of comments of some posts: stored with a text, read, and of those read spam; the others by what is known.

    `posts` is the number of posts with a read comment. `positive` and `negative` are of `with_tone`.
    """

    stored: int
    read: int
    spam: int
    posts: int
    with_language: int
    with_tone: int
    positive: int
    negative: int
    questions: int

    @property
    def others(self) -> int:
        """The comments without spam, of which all later numbers are."""
        return self.read - self.spam


@dataclass(frozen=True, slots=True)
class LanguageCount:
    """Comments in a language without spam (None: unknown), those with a tone, and those that have a topic.

    `placed` is the number of comments that were compared with the topics of the language, of which these have `topics`.
    """

    language: str | None
    comments: int
    with_tone: int
    placed: int
    with_topic: int
    topics: int


@dataclass(frozen=True, slots=True)
class TopicCount:
    """A topic with its comments and posts, and the text of a typical comment, if quotes are read."""

    topic: str
    language: str
    name: str
    comments: int
    posts: int
    quote: str | None = None


_CHOSEN = f"""
    with chosen as (select source, post_id from posts where {{condition}}),
    readings as (
        select comment_readings.* from comment_readings semi join chosen using (source, post_id)
        where version = {CURRENT_READER}),
    placed as (select comment_topics.* from comment_topics semi join chosen using (source, post_id))"""


def has_topics(database: duckdb.DuckDBPyConnection) -> bool:
    """Whether the database has the tables of what comments say; one that an older likelens published has not."""
    query = "select count(*) from duckdb_views() where view_name in ('comment_readings', 'comment_topics')"
    return database.execute(query).fetchall() == [(2,)]


def comment_totals(
    database: duckdb.DuckDBPyConnection, chosen: RankingQuery, tone_limit: float
) -> CommentTotals:
    """Numbers of the comments of the posts of `chosen`; a tone of `tone_limit` or more is positive."""
    query, values = _query(
        """select (select count(*) from comments semi join chosen using (source, post_id) where text is not null),
                  count(*), count(*) filter (spam), count(distinct (source, post_id)),
                  count(language) filter (not spam), count(tone) filter (not spam),
                  count(*) filter (not spam and tone >= $tone_limit),
                  count(*) filter (not spam and tone <= -$tone_limit), count(*) filter (not spam and question)
           from readings""",
        chosen,
    )
    return CommentTotals(*database.execute(query, values | {"tone_limit": tone_limit}).fetchall()[0])


def language_counts(database: duckdb.DuckDBPyConnection, chosen: RankingQuery) -> list[LanguageCount]:
    """The languages of these comments, the most frequent first."""
    query, values = _query(
        """select readings.language, count(*), count(tone), count(placed.version), count(placed.topic),
                  count(distinct placed.topic)
           from readings left join placed using (source, post_id, comment_id)
           where not spam group by 1 order by 2 desc, 1""",
        chosen,
    )
    return [LanguageCount(*row) for row in database.execute(query, values).fetchall()]


def topic_counts(
    database: duckdb.DuckDBPyConnection,
    chosen: RankingQuery,
    languages: Sequence[str],
    most: int,
    *,
    quotes: bool,
) -> list[TopicCount]:
    """The topics of these languages, in their order, with most comments first and at most `most` of each.

    With `quotes` each has a comment without spam: of those short enough to be shown, the one that is most of the topic.
    """
    quote = (
        """arg_max(text, (strength, md5(comment_id)))
               filter (length(trim(text)) between $shortest and $longest)"""
        if quotes
        else "null"
    )
    query, values = _query(
        f"""select topic, placed.language, any_value(name), count(*), count(distinct (source, post_id)), {quote}
            from placed join topics using (topic)
            {"join comments using (source, post_id, comment_id)" if quotes else ""}
            where list_contains($languages, placed.language)
            group by 1, 2
            qualify row_number() over (partition by placed.language order by count(*) desc, topic) <= $most
            order by list_position($languages, placed.language), 4 desc, 1""",
        chosen,
    )
    values |= {"languages": list(languages), "most": most}
    if quotes:
        values |= dict(zip(("shortest", "longest"), QUOTE_LENGTHS, strict=True))
    return [TopicCount(*row) for row in database.execute(query, values).fetchall()]


def _query(query: str, chosen: RankingQuery) -> tuple[str, dict[str, object]]:
    condition, values = chosen.post_conditions()
    return f"{_CHOSEN.format(condition=condition)} {query}", values
