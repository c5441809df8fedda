"""The tone of a comment, from -1 to 1: VADER for English, a lexicon of emoji for all languages, or a model.

Sources: Hutto and Gilbert 2014, 'VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text';
Kralj Novak et al. 2015, 'Sentiment of Emojis' (doi 10.1371/journal.pone.0144296).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from tasks.comment_text import TextParts
from tasks.read_comments.emoji_tone import tone_of_emoji

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_FILLERS = frozenset(
    [
        "a",
        "an",
        "the",
        "this",
        "that",
        "these",
        "it",
        "its",
        "it's",
        "is",
        "are",
        "was",
        "so",
        "very",
        "what",
        "such",
        "my",
        "your",
        "our",
        "i",
        "i'm",
        "you",
        "we",
        "he",
        "she",
        "they",
        "and",
        "or",
        "to",
        "of",
        "in",
        "on",
        "for",
        "at",
        "be",
        "look",
        "looks",
        "shot",
        "photo",
        "picture",
        "pic",
        "one",
        "as",
        "always",
    ]
)
"""English words without a tone, with which a short text may still be read as English."""
MAX_SHORT_WORDS = 6


@dataclass(frozen=True, slots=True)
class Tone:
    """A value from -1 (negative) to 1 (positive), and what it comes from; both None where no lexicon fits."""

    value: float | None
    by: str | None


NO_TONE = Tone(None, None)


def find_tone(parts: TextParts, language: str | None, model_tone: float | None = None) -> Tone:
    """The tone of a comment; the mean where it has both words and emoji with a known tone.

    `model_tone` is a model's tone of the words, which VADER then does not read. VADER reads emoji by their names, and
    takes two flames for something bad. So it gets the words alone.
    """
    words, source = model_tone, "model"
    if words is None and _is_english(parts.words, language):
        words, source = _tone_of_words(parts.words), "vader"
    emoji = tone_of_emoji(parts.emoji)
    if not words and emoji is not None:
        # A neutral sentence with an emoji has the emoji's tone: people add it to say how they mean it.
        return Tone(round(emoji, 4), "emoji")
    if words is None:
        return NO_TONE
    if emoji is None:
        return Tone(round(words, 4), source)
    return Tone(round((words + emoji) / 2, 4), f"{source} and emoji")


def _tone_of_words(words: str) -> float:
    return float(_analyzer().polarity_scores(words)["compound"])


def _is_english(words: str, language: str | None) -> bool:
    """Whether VADER's lexicon fits: the text is English, or too short to tell and of words that the lexicon has."""
    if language is not None:
        return language == "en"
    listed = [one.lower().replace("’", "'") for one in _WORD.findall(words)]
    known = _analyzer().lexicon
    return 0 < len(listed) <= MAX_SHORT_WORDS and all(one in known or one in _FILLERS for one in listed)


@cache
def _analyzer() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
