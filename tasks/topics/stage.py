"""Find the topics of each language where that is due, and give each comment its topic.

Topics are found again only if the reader or the method has another version, or there are twice as many comments:

    new comments     get topics of those that were found before
    found again      a topic that has most of its comments still keeps its id and name
"""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from tasks.comment_text import divide_text
from tasks.groups import match_groups
from tasks.topics.fitting import MIN_DISTINCT, fit_topics
from tasks.topics.model import METHOD, TopicModel, TopicName, TopicsDescription
from tasks.topics.naming import name_topics
from tasks.topics.storage import DamagedTopics, model_file, read_model, write_model
from tasks.topics.terms import WITHOUT_BLANKS, terms_of
from tasks.topics.vocabulary import Document
from warehouse.authors import AuthorPolicy, Authors, normalise_author
from warehouse.home import Home
from warehouse.records.comment_topics import (
    TopicComment,
    count_by_language,
    count_pending,
    delete_outdated,
    find_accounts,
    newest_reader,
    pending_comments,
    sample_comments,
    stored_topics,
)
from warehouse.records.runs import StageResult
from warehouse.schema.comment_tables import CommentTopic, Topic
from warehouse.storage.lake import Lake

logger = logging.getLogger(__name__)

MAX_SAMPLE = 10_000
"""Topics of a language are found in so many comments. A topic of one in a hundred has 100 of them."""
GROWTH = 2
"""Topics are found again when there are so many times more comments."""
BATCH = 20_000
"""Comments of a write."""


def find_topics(home: Home, policy: AuthorPolicy, progress: Callable[[int, int], None]) -> StageResult:
    """Give all comments a topic. `progress` gets done and total; `policy` says how authors are stored.

    A run without a new comment costs a few queries and imports no library that finds topics.
    """
    reader = newest_reader(home.lake)
    if reader is None:
        return StageResult("done", 0)
    counts = count_by_language(home.lake)
    models = {}
    for language, count in counts.items():
        if (model := _current_model(home, policy, language, reader, count)) is not None:
            models[language] = model
    versions = {language: model.version for language, model in models.items()}
    # Of all languages: a run that was killed after it wrote a file may not have stored the topics.
    home.lake.upsert([row for model in models.values() for row in _rows(model)])
    # Before comments are placed: ids that two posts share lose both rows, and the other one comes back.
    delete_outdated(home.lake, versions)
    done, total = 0, count_pending(home.lake, versions)
    for comments in pending_comments(home.lake, versions, BATCH) if total else ():
        home.lake.upsert(list(_place(comments, models)))
        done += len(comments)
        progress(done, total)
    found = {language: len(model.description.topics) for language, model in models.items()}
    return StageResult(
        "done",
        done,
        message=_describe_missing(counts) if counts and not found else "",
        counts=json.dumps(found),
    )


def _describe_missing(counts: Mapping[str, int]) -> str:
    """Why no language has topics."""
    language, most = next(iter(counts.items()))
    return (
        f"No topics yet: they are found from {MIN_DISTINCT} different comments in a language on, without spam. Most are in"
        f" {language}: {most:,}."
    )


def _current_model(
    home: Home, policy: AuthorPolicy, language: str, reader: str, count: int
) -> TopicModel | None:
    """The topics of a language, found now where that is due; None where it has too few comments."""
    try:
        model = read_model(home.topics, language)
    except DamagedTopics as error:
        logger.warning("%s. The topics are found again.", error)
        model = None
    if model is not None:
        one = model.description
        if (one.reader, one.method) == (reader, METHOD) and count < GROWTH * one.comments:
            return model
    found = _find(home, policy, language, reader, count) if count >= MIN_DISTINCT else None
    if found is None:
        model_file(home.topics, language).unlink(missing_ok=True)
        return None
    write_model(home.topics, found)
    logger.info(
        "%s: found %d topics in %d comments",
        language,
        len(found.description.topics),
        found.description.sample,
    )
    return found


def _find(home: Home, policy: AuthorPolicy, language: str, reader: str, count: int) -> TopicModel | None:
    comments = sample_comments(home.lake, language, MAX_SAMPLE)
    documents = [
        Document(terms_of(one.text, language), one.author, f"{one.source} {one.post_id}") for one in comments
    ]
    runs = language in WITHOUT_BLANKS
    names = _name_finder(home.lake, home.authors(policy), comments)
    fit = fit_topics(documents, names, runs=runs)
    if fit is None:
        return None
    old = {number_of(one.topic): one for one in stored_topics(home.lake, language)}
    before = np.array([_old_number(one, language) for one in comments], np.intp)
    kept = match_groups(before, fit.numbers)
    unused = itertools.count(1 + max([*old, int(before.max(initial=0))]))
    numbers = [kept[place] if place in kept else next(unused) for place in range(len(fit.components))]
    stay = {
        place: TopicName(number=number, name=old[number].name, words=tuple(old[number].words))
        for place, number in kept.items()
        if number in old
    }
    return TopicModel(
        TopicsDescription(
            language=language,
            reader=reader,
            topics=name_topics(fit, documents, numbers, stay, runs=runs),
            terms=tuple(fit.terms),
            comments=count,
            sample=len(comments),
            found_at=datetime.now(UTC).replace(microsecond=0),
        ),
        fit.idf,
        fit.components,
    )


def _old_number(comment: TopicComment, language: str) -> int:
    """The number of the topic that a comment has; -1 without one of this language."""
    if comment.topic is None or not comment.topic.startswith(f"{language}-"):
        return -1
    return number_of(comment.topic)


def number_of(topic: str) -> int:
    """The number in a topic's id."""
    return int(topic.rpartition("-")[2])


def _name_finder(
    lake: Lake, authors: Authors, comments: Sequence[TopicComment]
) -> Callable[[Sequence[str]], set[str]]:
    """Which terms are names of accounts: of authors, of mentioned accounts, and of forgotten ones."""
    mentioned = {normalise_author(name) for one in comments for name in divide_text(one.text).mentions}

    def find_names(terms: Sequence[str]) -> set[str]:
        keyed = {authors.keyed(normalise_author(term)): term for term in terms}
        known = find_accounts(lake, [*keyed, *terms])
        stored = {keyed.get(value, value) for value in known}
        return {term for term in terms if term in stored or term in mentioned or authors.is_forgotten(term)}

    return find_names


def _rows(model: TopicModel) -> list[Topic]:
    one = model.description
    return [
        Topic(
            topic=f"{one.language}-{topic.number}",
            language=one.language,
            name=topic.name,
            words=topic.words,
            version=model.version,
            found_at=one.found_at,
        )
        for topic in one.topics
    ]


def _place(comments: Sequence[TopicComment], models: Mapping[str, TopicModel]) -> Iterator[CommentTopic]:
    placed_at = datetime.now(UTC)
    for language in sorted({one.language for one in comments}):
        model = models[language]
        own = [one for one in comments if one.language == language]
        places, strengths = model.place([terms_of(one.text, language) for one in own])
        for comment, place, strength in zip(own, places.tolist(), strengths.tolist(), strict=True):
            topic = None if place < 0 else f"{language}-{model.description.topics[place].number}"
            yield CommentTopic(
                source=comment.source,
                post_id=comment.post_id,
                comment_id=comment.comment_id,
                version=model.version,
                text_digest=comment.text_digest,
                language=language,
                topic=topic,
                strength=None if topic is None else round(strength, 3),
                placed_at=placed_at,
            )
