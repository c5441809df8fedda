"""From the published database to the section 'What people say'."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import duckdb

from tasks.report.comments.content import CommentSection, LanguageRow, LanguageTopics, TopicRow
from tasks.report.comments.languages import language_name
from tasks.report.comments.lifts import compare_by_label
from tasks.report.names import clean
from tasks.report.wording import number, percent, posts
from warehouse.overview.comment_summary import (
    CommentTotals,
    LanguageCount,
    TopicCount,
    comment_totals,
    has_topics,
    language_counts,
    topic_counts,
)
from warehouse.ranking.measures import TONE_LIMIT
from warehouse.ranking.ranking_query import RankingQuery

MAX_LANGUAGES = 8
"""Languages in the table, the most frequent ones."""
MAX_TOPIC_LANGUAGES = 4
MAX_TOPICS = 8
"""Languages whose topics are shown, and topics of each."""
BAR_STEPS = 20
"""Lengths of the bars; the style sheet has a class for each."""
MAX_QUOTE = 160
_MENTION = re.compile(r"@[\w.]+(?:@[\w.-]+)?")


def what_people_say(
    database: duckdb.DuckDBPyConnection,
    chosen: RankingQuery,
    questions: Sequence[RankingQuery],
    *,
    quotes: bool = False,
) -> CommentSection | None:
    """The section for the posts of `chosen`, with the labels of the classifiers of `questions` about the same posts.

    None where no comment was read. With `quotes` topics have a comment each.
    """
    if not has_topics(database):
        return None
    totals = comment_totals(database, chosen, TONE_LIMIT)
    if not totals.read:
        return None
    languages = language_counts(database, chosen)
    known = [one.language for one in languages if one.language is not None and one.topics]
    topics = topic_counts(database, chosen, known[:MAX_TOPIC_LANGUAGES], MAX_TOPICS, quotes=quotes)
    by_label = compare_by_label(database, questions, topics)
    return CommentSection(
        sentences=tuple(_sentences(totals)),
        languages=tuple(_language_row(one, totals) for one in languages[:MAX_LANGUAGES]),
        topics=tuple(_language_topics(languages, topics)),
        remarks=(*_remarks(topics), *by_label.remarks),
        cards=by_label.cards,
        differences=by_label.sentences,
    )


def _sentences(totals: CommentTotals) -> Iterator[str]:
    read = f"{_comments(totals.read)} under {posts(totals.posts)} were read"
    if totals.read < totals.stored:
        read += f", of {number(totals.stored)} stored"
    yield f"{read}. {_part(totals.spam, totals.read)} are spam; the numbers below are of the other {number(totals.others)}."
    if not totals.others:
        return
    text = f"{_part(totals.questions, totals.others)} ask something."
    if totals.with_tone:
        text += (
            f" Of the {number(totals.with_tone)} with a tone {percent(totals.positive / totals.with_tone)} are positive and"
            f" {percent(totals.negative / totals.with_tone)} negative."
        )
    yield text
    yield (
        f"The language is known of {percent(totals.with_language / totals.others)}, the tone of"
        f" {percent(totals.with_tone / totals.others)}: short comments and emoji have no language, and no lexicon of tone"
        " fits most languages."
    )


def _language_row(one: LanguageCount, totals: CommentTotals) -> LanguageRow:
    found = "–" if one.language is None else number(one.topics) if one.topics else "none yet"
    return LanguageRow(
        language_name(one.language),
        number(one.comments),
        percent(one.comments / totals.others),
        percent(one.with_tone / one.comments),
        found,
    )


def _language_topics(
    languages: Sequence[LanguageCount], topics: Sequence[TopicCount]
) -> Iterator[LanguageTopics]:
    for language in languages:
        own = [topic for topic in topics if topic.language == language.language]
        if not own:
            continue
        rows = tuple(_topic_row(topic, language, own[0].comments) for topic in own)
        without = language.placed - language.with_topic
        notes = []
        if smaller := language.topics - len(own):
            notes.append(
                f"{number(smaller)} smaller {'topic is' if smaller == 1 else 'topics are'} not shown."
            )
        if without:
            notes.append(
                f"{_part(without, language.placed)} of these comments have no topic: only general words, or rare ones."
            )
        title = f"{language_name(language.language)}: {_comments(language.placed)}"
        yield LanguageTopics(title, rows, " ".join(notes))


def _topic_row(topic: TopicCount, language: LanguageCount, largest: int) -> TopicRow:
    return TopicRow(
        name=topic.name,
        code=topic.language,
        comments=number(topic.comments),
        posts=number(topic.posts),
        share=percent(topic.comments / language.placed),
        bar=max(1, round(BAR_STEPS * topic.comments / largest)),
        quote=None if topic.quote is None else quote_text(topic.quote),
    )


def quote_text(text: str) -> str | None:
    """A comment for showing: on one line, without direction marks and names of accounts, cut; None if nothing is left."""
    shown = clean(_MENTION.sub("@…", text))
    return (shown if len(shown) <= MAX_QUOTE else f"{shown[:MAX_QUOTE].rstrip()}…") or None


def _remarks(topics: Sequence[TopicCount]) -> Iterator[str]:
    if topics:
        yield (
            "A topic is named by its most distinctive words, which several people use. A comment has at most one. Topics"
            " keep their names from night to night."
        )


def _comments(count: int) -> str:
    return f"{number(count)} {'comment' if count == 1 else 'comments'}"


def _part(count: int, of: int) -> str:
    return f"{number(count)} ({percent(count / of)})"
