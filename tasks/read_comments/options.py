"""How comments are read: the languages, and the model that gives tone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tasks.read_comments.language import LANGUAGES

TONE_LANGUAGES = tuple(one for one in LANGUAGES if one != "en")
"""The languages that a model reads by default: all that VADER does not."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """`languages` are those that a comment may be in; `tone_model` is the folder of a text classifier.

    The model gives the tone of comments in `tone_languages`, where VADER's lexicon gives none or a worse one. Without
    `are_scraped` no comments are read from the sources.
    """

    languages: tuple[str, ...] = LANGUAGES
    tone_model: Path | None = None
    tone_languages: tuple[str, ...] = TONE_LANGUAGES
    are_scraped: bool = True
