"""Topics in a sample of comments: TF-IDF and non-negative matrix factorization (NMF), with a seed."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.topics.joining import count_together, find_specific, join_components
from tasks.topics.model import Numbers, place_rows, weigh_terms
from tasks.topics.vocabulary import Document, FindNames, choose_terms, find_clumped

SEED = 20161111
MIN_DISTINCT = 50
"""Different comments of a language from which on it has topics."""
PER_COMPONENT = 10
"""Different comments for each component, on average: with fewer there are fewer components."""
MAX_COMPONENTS = 30
MIN_COMPONENTS = 2
MAX_TOPICS = 10
MIN_OF_TOPIC = 5
"""A topic with fewer comments is none."""
ALONE = 0.5
"""A component is that of one term with such a share of the squared weights."""
MAX_ROUNDS, ROUND_SAMPLE = 6, 3_000
"""General terms are searched in so many rounds, in so many of the comments."""
ITERATIONS, TOLERANCE = 200, 1e-3


@dataclass(frozen=True, slots=True)
class Fit:
    """Topics of documents, the largest first: see `TopicModel`. `numbers` has the topic of each document, or -1."""

    terms: list[str]
    idf: NDArray[np.float32]
    components: NDArray[np.float32]
    numbers: Numbers


def fit_topics(documents: Sequence[Document], find_names: FindNames, *, runs: bool = False) -> Fit | None:
    """Find topics; None where there are too few different comments, or too few terms that several people use.

    The same documents in the same order give the same topics: the start is seeded, and one thread works, so that sums
    have one order. A comment that is there many times counts once, so that a fashion does not become all topics.
    """
    from threadpoolctl import threadpool_limits

    distinct = list(dict.fromkeys(tuple(document.terms) for document in documents))
    terms = choose_terms(documents, find_names, runs=runs)
    with threadpool_limits(1):
        for _ in range(MAX_ROUNDS):
            general = _general_terms(documents, distinct[:ROUND_SAMPLE], terms)
            if not general:
                break
            terms = [term for term in terms if term not in general]
        found = _find_components(distinct, terms)
        if found is None:
            return None
        rows = weigh_terms([document.terms for document in documents], _columns(terms), found.idf)
        components = _drop_small(rows, found.join())
        if not len(components):
            return None
        return Fit(terms, found.idf, components, place_rows(rows, components)[0])


@dataclass(frozen=True, slots=True)
class _Components:
    """Components of length 1, shape (components, terms), their topics, and how often two of them come together."""

    idf: NDArray[np.float32]
    components: NDArray[np.float32]
    groups: Numbers
    together: NDArray[np.float64]

    def join(self) -> NDArray[np.float32]:
        """The components of topics, shape (topics, terms), each of length 1."""
        joined = np.stack([self.components[self.groups == one].sum(axis=0) for one in np.unique(self.groups)])
        return np.asarray(joined / np.linalg.norm(joined, axis=1, keepdims=True), np.float32)


def _find_components(comments: Sequence[Sequence[str]], terms: Sequence[str]) -> _Components | None:
    """The components of comments; None where there is too little."""
    columns = _columns(terms)
    known = [row for row in comments if any(term in columns for term in row)]
    count = min(MAX_COMPONENTS, len(known) // PER_COMPONENT, len(terms) // 2)
    if len(known) < MIN_DISTINCT or count < MIN_COMPONENTS:
        return None
    idf = _inverse_frequency(known, columns)
    components = _factorize(weigh_terms(known, columns, idf), count)
    together = count_together(known, columns, components)
    return _Components(idf, components, join_components(together), together)


def _general_terms(
    documents: Sequence[Document], comments: Sequence[Sequence[str]], terms: Sequence[str]
) -> set[str]:
    """The terms that are a component nearly alone, come together with all topics and are used under all posts: 'wow'."""
    found = _find_components(comments, terms)
    if found is None:
        return set()
    alone = (found.components**2).max(axis=1) >= ALONE
    unspecific = alone & ~find_specific(found.together, found.groups)
    listed = [terms[place] for place in found.components[unspecific].argmax(axis=1)]
    return set(listed) - find_clumped(documents, listed) if listed else set()


def _columns(terms: Sequence[str]) -> dict[str, int]:
    return {term: number for number, term in enumerate(terms)}


def _inverse_frequency(comments: Sequence[Sequence[str]], columns: dict[str, int]) -> NDArray[np.float32]:
    """The weight of each term: 1 + ln((1 + comments) / (1 + comments with it)), as scikit-learn's smooth idf."""
    frequency = np.zeros(len(columns))
    for comment in comments:
        for term in comment:
            if term in columns:
                frequency[columns[term]] += 1
    return (1 + np.log((1 + len(comments)) / (1 + frequency))).astype(np.float32)


def _factorize(rows: object, count: int) -> NDArray[np.float32]:
    """At most `count` components, shape (components, terms), each of length 1."""
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    model = NMF(count, init="nndsvda", random_state=SEED, max_iter=ITERATIONS, tol=TOLERANCE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the last steps change no name
        model.fit(rows)
    found = np.asarray(model.components_, np.float32)
    found = found[found.sum(axis=1) > 0]
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def _drop_small(rows: object, components: NDArray[np.float32]) -> NDArray[np.float32]:
    """The components that have enough comments, the largest first, at most `MAX_TOPICS`."""
    while len(components):
        numbers = place_rows(rows, components)[0]
        sizes = np.bincount(numbers[numbers >= 0], minlength=len(components))
        if sizes.min() >= MIN_OF_TOPIC:
            return components[np.argsort(-sizes, kind="stable")][:MAX_TOPICS]
        components = np.delete(components, sizes.argmin(), axis=0)
    return components
