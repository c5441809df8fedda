"""The language of a text, by py3langid held to 30 languages; None where it is not certain.

Source: Lui and Baldwin 2012, 'langid.py: An Off-the-shelf Language Identification Tool'. py3langid loads a model that is
part of its package, which the lock file pins by its hash.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

LANGUAGES = (
    "ar", "bg", "ca", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hi", "hu",
    "id", "it", "ja", "ko", "nl", "no", "pl", "pt", "ro", "ru", "sv", "th", "tr", "uk", "zh",
)  # fmt: skip
"""ISO 639-1. With all 97 languages of the model short texts are taken for rare ones."""
MIN_CERTAINTY = 0.7
"""The probability below which a language is unknown."""
MIN_CHANCE = 0.5
"""The probability that a text is in one of the languages of the settings, below which it is unknown."""
MIN_LETTERS = 4
"""Of a text in an alphabet; two are enough in writing without blanks."""
MAX_LETTERS = 600
"""Characters that are compared: more change no result, and cost time in proportion."""


def find_language(words: str, languages: Collection[str] = LANGUAGES) -> str | None:
    """The language of a text without addresses, mentions, hashtags and emoji, as ISO 639-1; None if not certain.

    Only one of `languages`, a part of `LANGUAGES`, is found. A text that is more likely in another one has none.
    """
    letters = [one for one in words if one.isalpha()]
    if len(letters) < (2 if _is_dense(letters) else MIN_LETTERS):
        return None
    if alphabet := _language_of_letters(words.lower()):
        return alphabet if alphabet in languages else None
    text = words[:MAX_LETTERS].lower()
    if len(languages) == len(LANGUAGES):
        language, certainty = _identifier().classify(text)
        return str(language) if certainty >= MIN_CERTAINTY else None
    return _find_among(text, languages)


def _find_among(text: str, languages: Collection[str]) -> str | None:
    """The language of a text by Bayes' rule, given that it is one of these; None where that is unlikely."""
    chances = {str(name): float(chance) for name, chance in _identifier().rank(text) if name in languages}
    together = sum(chances.values())
    best = max(chances, key=chances.__getitem__)
    is_certain = together >= MIN_CHANCE and chances[best] >= MIN_CERTAINTY * together
    return best if is_certain else None


def _language_of_letters(words: str) -> str | None:
    """The only one of `LANGUAGES` with such letters: short Russian texts look like Bulgarian otherwise."""
    if any(one in words for one in "їєґ"):
        return "uk"
    return "ru" if any(one in words for one in "ыэё") else None


def _is_dense(letters: list[str]) -> bool:
    """Whether most letters are of Chinese, Japanese or Korean writing."""
    return 2 * sum("\u3040" <= one <= "\u9fff" or "\uac00" <= one <= "\ud7a3" for one in letters) > len(
        letters
    )


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier
