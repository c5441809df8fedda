"""The terms of a comment: its words, or runs of characters where a language puts no blanks between words."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from tasks.comment_text import divide_text

WITHOUT_BLANKS = frozenset({"ja", "th", "zh"})
"""Languages without blanks between words: their terms are runs of characters."""
MIN_LETTERS = 3
MAX_LETTERS = 30
"""Of a word in an alphabet. Two letters are rarely a word of content."""
MIN_LETTERS_OF_SYLLABLES = 2
"""Of a word in Korean writing, in which a letter is a syllable."""
_THAI_MARKS = frozenset(
    "\u0e31\u0e34\u0e35\u0e36\u0e37\u0e38\u0e39\u0e3a\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e4d\u0e4e"
)
MAX_TERMS = 400
"""Different terms of a comment that count."""
_MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0903\u093a-\u094f\u0951-\u0957"
    "\u0962\u0963\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
)
"""Vowels and accents that are no letters of their own, in the alphabets of the languages that are read."""
_LETTER = rf"(?:[^\W\d_]|[{_MARKS}])"
_WORD = re.compile(rf"{_LETTER}+(?:['’]{_LETTER}+)?")
_HAN, _KATAKANA, _HIRAGANA, _THAI = (
    r"[々\u3400-\u9fff]+",
    r"[\u30a1-\u30fa\u30fc]+",
    r"[\u3041-\u3096ー]+",
    r"[\u0e01-\u0e4e]+",
)
_RUN = re.compile(
    rf"(?P<han>{_HAN})|(?P<katakana>{_KATAKANA})|(?P<hiragana>{_HIRAGANA})|(?P<thai>{_THAI})|(?P<latin>[a-z]+)"
)
_SIZES = {"han": (2, 4), "thai": (4, 7)}
"""The numbers of characters of a term by writing. Words in katakana are terms as they are."""
_MIN_HIRAGANA, _MAX_HIRAGANA = 3, 7
"""Characters of a run in hiragana that is a term as it is: particles have one or two, and sentences more."""
_PARTICLE = re.compile("^[のはがをにでともへや]")
_ENDING = re.compile("(?:です|ます|でした|ました|でしょう)?[かねよなわさ]*$")
_CHINESE_PARTICLES = re.compile("[的了是和在也都很吗呢吧啊呀哦我你您他她它们这那就与]")
_POINTS = re.compile("[\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640]")
"""Vowel points and stretching of Hebrew and Arabic, which most writers leave out."""


def terms_of(text: str, language: str) -> list[str]:
    """The different terms of a comment in this language, in their order, without stop words.

    Addresses, mentions, hashtags and emoji are left out.
    """
    words = _POINTS.sub("", unicodedata.normalize("NFKC", divide_text(text).words).lower())
    found = _runs(words, language) if language in WITHOUT_BLANKS else _words(words)
    stop = stop_words(language)
    return [term for term in dict.fromkeys(found) if term not in stop][:MAX_TERMS]


@cache
def stop_words(language: str) -> frozenset[str]:
    """Words without content: those of the package stopwordsiso; none for a language that it lacks."""
    from stopwordsiso import has_lang, stopwords

    return frozenset(stopwords(language)) if has_lang(language) else frozenset()


def _words(words: str) -> list[str]:
    found = (one.replace("’", "'").removesuffix("'s") for one in _WORD.findall(words))
    return [one for one in found if _is_long_enough(one)]


def _is_long_enough(word: str) -> bool:
    is_syllables = "\uac00" <= word[0] <= "\ud7a3"
    return (MIN_LETTERS_OF_SYLLABLES if is_syllables else MIN_LETTERS) <= len(word) <= MAX_LETTERS


def _runs(words: str, language: str) -> list[str]:
    """Runs of characters of one writing; words in katakana and Latin letters as they are."""
    if language == "zh":
        words = _CHINESE_PARTICLES.sub(" ", words)
    found, end = [], -1
    for match in _RUN.finditer(words):
        run, writing, follows = match[0], str(match.lastgroup), match.start() == end
        end = match.end()
        if writing == "hiragana":
            run = _ENDING.sub("", _PARTICLE.sub("", run) if follows else run)
            found += [run] if _MIN_HIRAGANA <= len(run) <= _MAX_HIRAGANA else []
        elif writing not in _SIZES:
            found += [run] if MIN_LETTERS_OF_SYLLABLES <= len(run) <= MAX_LETTERS else []
        else:
            found += _ngrams(run, *_SIZES[writing])
            if writing == "han" and language == "ja" and len(run) == 1:
                found.append(run)  # a word of its own, such as 猫
    return found


def _ngrams(run: str, least: int, most: int) -> list[str]:
    """The runs of so many characters; a vowel or tone mark of Thai belongs to the letter before it."""
    sizes = range(least, most + 1)
    return [
        run[at : at + size]
        for size in sizes
        for at in range(len(run) - size + 1)
        if run[at] not in _THAI_MARKS
    ]
