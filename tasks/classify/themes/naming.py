"""Names of themes: the words that are most distinctive of their pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from tasks.groups import log_odds
from warehouse.embeddings.themes import WordUse

MAX_WORDS = 3
MIN_PICTURES = 3
MIN_SHARE = 0.1
"""A word must be a label of so many of the theme's pictures, and of such a share of them."""
MIN_Z = 1.28
FURTHER_Z = 1.96
SHARE_OF_BEST = 0.5
"""Log-odds must be so many standard deviations above 0; those of a further word also half as many as the first one's."""
GROUP_GAIN = 1.2
"""The word for a group of labels must be so many times more distinctive than its labels: 'cat' for five breeds."""
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
    """Up to three distinctive words of each theme, the most distinctive first, each of another group of labels."""
    distinctive: list[list[tuple[float, WordUse]]] = [[] for _ in sizes]
    for is_group, gain in ((False, 1.0), (True, GROUP_GAIN)):
        same = [use for use in uses if use.is_group == is_group]
        for use, z in zip(same, weigh(same), strict=True):
            enough = use.pictures >= MIN_PICTURES and use.pictures >= MIN_SHARE * sizes[use.theme]
            if enough and z >= MIN_Z and _cleaned(use.word):
                distinctive[use.theme].append((z / gain, use))
    return [_choose(sorted(found, key=lambda one: (-one[0], one[1].word))) for found in distinctive]


def _choose(found: Sequence[tuple[float, WordUse]]) -> list[str]:
    chosen: dict[str, str] = {}
    for z, use in found:
        if len(chosen) < MAX_WORDS and (not chosen or z >= max(FURTHER_Z, SHARE_OF_BEST * found[0][0])):
            chosen.setdefault(use.group, _cleaned(use.word))
    return list(dict.fromkeys(chosen.values()))


def weigh(uses: Sequence[WordUse]) -> list[float]:
    """How distinctive each word is of its theme, as `log_odds` says.

    A word counts with the sum of its scores, so that a classifier's unsure labels count little.
    """
    themes = {theme: number for number, theme in enumerate(sorted({use.theme for use in uses}))}
    words = {word: number for number, word in enumerate(dict.fromkeys(use.word for use in uses))}
    weights = np.zeros((len(themes), len(words)))
    for use in uses:
        weights[themes[use.theme], words[use.word]] += use.weight
    scores = log_odds(weights)
    return [float(scores[themes[use.theme], words[use.word]]) for use in uses]


def _cleaned(word: str) -> str:
    """A label of any classifier as a part of a name: in one line and short."""
    text = " ".join("".join(letter if letter.isprintable() else " " for letter in word).split())
    return text if len(text) <= MAX_LETTERS else text[: MAX_LETTERS - 1].rstrip() + "…"
