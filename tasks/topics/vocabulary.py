"""The terms that topics may be found in and named by: those that several people use, and no names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MIN_AUTHORS = 3
"""A term that fewer people use may say who wrote a comment."""
MIN_COMMENTS = 3
MAX_SHARE = 0.5
"""A term in a larger share of the comments tells none apart."""
MAX_TERMS = 4_000
MIN_CLUMPING, MIN_CLUMPING_Z = 1.15, 2.5
"""A term is of some posts if so many times as many pairs are found as expected, and so many standard deviations more."""
SAME_USE = 0.8
"""A run of characters is left out if a longer one that contains it is in such a share of its comments."""


FindNames = Callable[[Sequence[str]], set[str]]
"""Returns those of the terms that are the name of an account."""


@dataclass(frozen=True, slots=True)
class Document:
    """The different terms of a comment, who wrote it, and under which post.

    `author` is a stored value, or that of the post where authors are not stored.
    """

    terms: Sequence[str]
    author: str
    post: str


def choose_terms(documents: Sequence[Document], find_names: FindNames, *, runs: bool = False) -> list[str]:
    """The terms of the vocabulary, in alphabetical order, without those that are the name of an account."""
    counts = Counter(term for document in documents for term in document.terms)
    most = max(MIN_COMMENTS, MAX_SHARE * len(documents))
    frequent = {term: count for term, count in counts.items() if MIN_COMMENTS <= count <= most}
    # The most frequent ones, and more than are needed, because some are names.
    listed = sorted(frequent, key=lambda term: (-frequent[term], term))[: 4 * MAX_TERMS]
    usable = _of_several_authors(documents, listed)
    chosen = [term for term in listed if term in usable]
    names = find_names(chosen)
    chosen = [term for term in chosen if term not in names]
    if runs:
        chosen = _without_parts(chosen, frequent)
    return sorted(chosen[:MAX_TERMS])


def _of_several_authors(documents: Sequence[Document], terms: Sequence[str]) -> set[str]:
    authors: dict[str, set[str]] = {term: set() for term in terms}
    for document in documents:
        for term in document.terms:
            known = authors.get(term)
            if known is not None and len(known) < MIN_AUTHORS:
                known.add(document.author)
    return {term for term, known in authors.items() if len(known) >= MIN_AUTHORS}


def _without_parts(terms: Sequence[str], counts: dict[str, int]) -> list[str]:
    """The runs of characters without those that are, nearly always, a part of a longer one."""
    parts: set[str] = set()
    for term in terms:
        for part in (term[:-1], term[1:]):
            if counts[term] >= SAME_USE * counts.get(part, float("inf")):
                parts.add(part)
    return [term for term in terms if term not in parts]


def find_clumped(documents: Sequence[Document], terms: Sequence[str]) -> set[str]:
    """The terms that come together under the same posts more often than by chance: 'price', and not 'wow'.

    Counts the pairs of comments under one post that both have the term, and compares them with those expected if the
    comments were shuffled over the posts. Their number is nearly Poisson.
    """
    sizes = Counter(document.post for document in documents)
    pairs = sum(size * (size - 1) for size in sizes.values()) / max(1, len(documents) * (len(documents) - 1))
    listed = set(terms)
    uses: dict[str, Counter[str]] = {term: Counter() for term in terms}
    for document in documents:
        for term in listed.intersection(document.terms):
            uses[term][document.post] += 1
    clumped = set()
    for term, counts in uses.items():
        total = counts.total()
        expected = pairs * total * (total - 1) / 2
        found = sum(count * (count - 1) / 2 for count in counts.values())
        if (
            found >= MIN_CLUMPING * expected
            and found - expected >= MIN_CLUMPING_Z * max(1.0, expected) ** 0.5
        ):
            clumped.add(term)
    return clumped
