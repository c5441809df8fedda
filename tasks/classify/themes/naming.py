"""Names of themes: the words that are most distinctive of their pictures."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from warehouse.embeddings.themes import WordUse

MAX_WORDS = 3
MIN_PICTURES = 3
MIN_SHARE = 0.1
"""A word must be a label of so many of the theme's pictures, and of such a share of them."""
MIN_Z = 1.96
"""Its log-odds must differ from 0 by so many standard deviations."""
SHARE_OF_BEST = 0.5
"""A further word must be at least half as distinctive as the first one."""
MAX_LETTERS = 40
SEPARATOR = " · "


def name_themes(uses: Sequence[WordUse], sizes: Sequence[int], kept: Mapping[int, str]) -> list[str]:
    """The names of themes with so many pictures; `kept` has those that stay. No two are the same.

    A theme without a distinctive word is called 'theme' and its number.
    """
    words = find_words(uses, sizes)
    taken = set(kept.values())
    names = []
    for theme in range(len(sizes)):
        if theme in kept:
            names.append(kept[theme])
            continue
        own = SEPARATOR.join(words[theme])
        name = next(one for one in _candidates(own, theme) if one not in taken)
        taken.add(name)
        names.append(name)
    return names


def _candidates(own: str, theme: int) -> Iterable[str]:
    """The name, and numbered ones; a theme without words has a number from the beginning."""
    if own:
        yield own
    first = 2 if own else theme + 1
    for number in range(first, first + 1000):
        yield f"{own or 'theme'} {number}"


def find_words(uses: Sequence[WordUse], sizes: Sequence[int]) -> list[list[str]]:
    """Up to three distinctive words of each theme, the most distinctive first."""
    distinctive: list[list[tuple[float, str]]] = [[] for _ in sizes]
    for use, z in zip(uses, weigh(uses), strict=True):
        enough = use.pictures >= MIN_PICTURES and use.pictures >= MIN_SHARE * sizes[use.theme]
        if enough and z >= MIN_Z and _cleaned(use.word):
            distinctive[use.theme].append((-z, _cleaned(use.word)))
    words = []
    for found in distinctive:
        found.sort()
        words.append([word for z, word in found[:MAX_WORDS] if z <= SHARE_OF_BEST * found[0][0]])
    return words


def weigh(uses: Sequence[WordUse]) -> list[float]:
    """How distinctive each word is of its theme: the z-score of its log-odds against the other themes.

    Monroe, Colaresi and Quinn 2008, 'Fightin' Words', equations 16, 20 and 22, with an informative Dirichlet prior: all
    themes' words, with the weight of an average theme. A word counts with the sum of its scores, so that a classifier's
    unsure labels count little.
    """
    of_theme: dict[int, float] = defaultdict(float)
    of_word: Counter[str] = Counter()
    for use in uses:
        of_theme[use.theme] += use.weight
        of_word[use.word] += use.weight  # type: ignore[assignment]
    total = sum(of_theme.values())
    prior = total / max(1, len(of_theme))
    scores = []
    for use in uses:
        own_prior = prior * of_word[use.word] / total if total else 0.0
        here, there = use.weight + own_prior, of_word[use.word] - use.weight + own_prior
        others_here = of_theme[use.theme] + prior - here
        others_there = total - of_theme[use.theme] + prior - there
        if min(here, there, others_here, others_there) <= 0:
            scores.append(0.0)  # it is the only word, or has no weight
            continue
        odds = math.log(here / others_here) - math.log(there / others_there)
        scores.append(odds / math.sqrt(1 / here + 1 / there))
    return scores


def _cleaned(word: str) -> str:
    """A label of any classifier as a part of a name: in one line and short."""
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in word).split())
    return text if len(text) <= MAX_LETTERS else text[: MAX_LETTERS - 1].rstrip() + "…"
