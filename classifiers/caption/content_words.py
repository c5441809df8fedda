"""Labels of a picture: from the list that a model gives, or the content words of its sentence.

A model states no confidence, so each score is 1 and the order is the model's. A sentence's content words are its
words with at least three letters that are not among its language's most frequent ones, in their order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from classifiers.caption.languages import LANGUAGES
from classifiers.caption.plain_text import clean_line
from classifiers.caption.singular import singular
from classifiers.protocol import Label

SCORE = 1.0
MAX_LABEL_LENGTH = 60
"""Longer entries of a model's list are sentences, and are skipped."""
MAX_LABEL_WORDS = 5
MAX_READ_LABELS = 200
MIN_WORD_LENGTH = 3
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_EDGES = " .,;:!?-–—*#\"'“”„()[]{}<>/\\|"
_ARTICLES = {
    "en": ("a ", "an ", "the "),
    "de": ("ein ", "eine ", "einen ", "der ", "die ", "das "),
    "fr": ("un ", "une ", "des ", "le ", "la ", "les ", "l'", "l’"),
    "es": ("un ", "una ", "el ", "la ", "los ", "las "),
    "it": ("un ", "una ", "uno ", "il ", "lo ", "la ", "gli ", "le ", "l'", "l’"),
    "pt": ("um ", "uma ", "o ", "a ", "os ", "as "),
    "nl": ("een ", "de ", "het "),
}


def words_of(sentence: str) -> list[str]:
    """The words of a sentence in lower case, in their order."""
    return _WORD.findall(sentence.lower())


def labels_from_list(entries: Iterable[object], language: str, top: int) -> tuple[Label, ...]:
    """The first `top` usable entries of a model's list, each once. What is not a short text is skipped."""
    names = []
    for entry, _ in zip(entries, range(MAX_READ_LABELS), strict=False):
        if isinstance(entry, str) and len(entry) <= 4 * MAX_LABEL_LENGTH:
            names.append(_clean_label(entry, language))
    return _rank(names, language, top)


def labels_from_sentence(sentence: str, language: str, top: int) -> tuple[Label, ...]:
    """The first `top` content words of a sentence, each once."""
    names = [_in_singular(word, language) for word in words_of(sentence) if len(word) >= MIN_WORD_LENGTH]
    return _rank(names, language, top)


def _clean_label(entry: str, language: str) -> str:
    name = clean_line(entry, 4 * MAX_LABEL_LENGTH).lower().strip(_EDGES)
    article = next((one for one in _ARTICLES.get(language, ()) if name.startswith(one)), "")
    name = name[len(article) :].strip(_EDGES)
    if len(name) > MAX_LABEL_LENGTH or len(name.split()) > MAX_LABEL_WORDS:
        return ""
    return _in_singular(name, language) if any(map(str.isalpha, name)) else ""


def _in_singular(name: str, language: str) -> str:
    return singular(name) if language == "en" else name


def _rank(names: Sequence[str], language: str, top: int) -> tuple[Label, ...]:
    frequent = LANGUAGES[language].frequent
    different = dict.fromkeys(name for name in names if name and name not in frequent)
    return tuple(
        Label(label=name, score=SCORE, rank=rank) for rank, name in enumerate(list(different)[:top], start=1)
    )
