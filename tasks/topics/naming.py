"""Names of topics: the terms that are most distinctive of their comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.groups import log_odds
from tasks.topics.fitting import Fit
from tasks.topics.model import TopicName
from tasks.topics.vocabulary import Document

MAX_WORDS = 3
MIN_Z = 1.96
MIN_COMMENTS = 3
SHARE_OF_BEST = 0.4
"""Log-odds must be so many standard deviations above 0, and those of a further word at least such a share of the first one's."""
MIN_STEM = 4
"""Letters that two forms of a word begin with."""
SEPARATOR = " · "


def name_topics(
    fit: Fit,
    documents: Sequence[Document],
    numbers: Sequence[int],
    kept: Mapping[int, TopicName],
    *,
    runs: bool,
) -> tuple[TopicName, ...]:
    """The topics of a fit with their `numbers` and names; `kept` has those that stay, by the topic's place.

    No two names are the same. A topic without a distinctive term is called 'topic' and its number.
    """
    columns = {term: number for number, term in enumerate(fit.terms)}
    counts = np.zeros((len(fit.components), len(fit.terms)))
    for document, topic in zip(documents, fit.numbers, strict=True):
        if topic >= 0:
            counts[topic, [columns[term] for term in document.terms if term in columns]] += 1
    scores = np.where(counts >= MIN_COMMENTS, log_odds(counts), 0.0)
    # A name stays while all of its words may still be shown.
    stay = {place: one for place, one in kept.items() if set(one.words) <= columns.keys()}
    taken = {one.name for one in stay.values()}
    named = []
    for place, number in enumerate(numbers):
        if place in stay:
            named.append(stay[place])
            continue
        words = _choose(fit.terms, scores[place], runs=runs)
        name = SEPARATOR.join(words) or f"topic {number}"
        if name in taken:
            name = f"{name} ({number})"
        taken.add(name)
        named.append(TopicName(number=number, name=name, words=words))
    return tuple(named)


def _choose(terms: Sequence[str], scores: NDArray[np.float64], *, runs: bool) -> tuple[str, ...]:
    chosen: list[str] = []
    for place in np.argsort(-scores, kind="stable"):
        score = scores[place]
        if len(chosen) == MAX_WORDS or score < MIN_Z or (chosen and score < SHARE_OF_BEST * scores.max()):
            break
        if not any(_is_same(terms[place], other, runs=runs) for other in chosen):
            chosen.append(terms[place])
    return tuple(chosen)


def _is_same(term: str, other: str, *, runs: bool) -> bool:
    """Whether two terms are forms of one word, such as 'sunset' and 'sunsets', or overlapping runs of characters."""
    short, long = sorted((term, other), key=len)
    if runs:
        return short in long or short[1:] in long or short[:-1] in long
    return long.startswith(short[: max(MIN_STEM, len(short) - 2)])
