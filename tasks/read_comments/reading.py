"""Comments from their texts to their rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from classifiers.tone.model import ToneModel
from tasks.comment_text import MAX_READ_LENGTH, TextParts, divide_text
from tasks.read_comments.language import LANGUAGES, find_language
from tasks.read_comments.questions import is_question
from tasks.read_comments.spam import matching_rules
from tasks.read_comments.tone import find_tone
from warehouse.records.comment_readings import CommentText
from warehouse.schema.comment_tables import CommentReading

VERSION = "rules-2"
"""Changes with every rule and lexicon: a new version reads all stored comments again."""
MAX_LISTED = 50
"""Hashtags, mentions and emoji of a comment that are stored, of each."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads comments. `hash_name` gives the keyed hash of a mentioned account, or None for a forgotten one.

    `languages` are those that are found. `model` gives the tone of comments in `tone_languages`.
    """

    hash_name: Callable[[str], str | None]
    version: str = VERSION
    languages: tuple[str, ...] = LANGUAGES
    model: ToneModel | None = None
    tone_languages: tuple[str, ...] = ()

    def read(self, comment: CommentText, read_at: datetime) -> CommentReading:
        """The row of a comment."""
        return self.read_all([comment], read_at)[0]

    def read_all(self, comments: Sequence[CommentText], read_at: datetime) -> list[CommentReading]:
        """The rows of comments, in their order. Raises `ClassifierUnavailable` if the model fails."""
        parts = [divide_text(comment.text) for comment in comments]
        languages = [find_language(one.words, self.languages) for one in parts]
        tones = self._model_tones(parts, languages)
        return [self._row(*one, read_at) for one in zip(comments, parts, languages, tones, strict=True)]

    def _model_tones(self, parts: Sequence[TextParts], languages: Sequence[str | None]) -> list[float | None]:
        """The model's tone of the words of each comment; None where another lexicon has it, or none."""
        tones: list[float | None] = [None] * len(parts)
        if self.model is None:
            return tones
        places = [place for place, one in enumerate(languages) if one in self.tone_languages]
        for place, tone in zip(places, self.model.read([parts[one].words for one in places]), strict=True):
            tones[place] = tone
        return tones

    def _row(
        self,
        comment: CommentText,
        parts: TextParts,
        language: str | None,
        model_tone: float | None,
        read_at: datetime,
    ) -> CommentReading:
        tone = find_tone(parts, language, model_tone)
        rules = matching_rules(parts, comment.text[:MAX_READ_LENGTH])
        return CommentReading(
            source=comment.source,
            post_id=comment.post_id,
            comment_id=comment.comment_id,
            version=self.version,
            text_digest=comment.text_digest,
            language=language,
            tone=tone.value,
            tone_by=tone.by,
            spam=bool(rules),
            spam_rules=rules,
            question=is_question(parts.words, language),
            hashtags=parts.hashtags[:MAX_LISTED],
            mentions=tuple(filter(None, map(self.hash_name, parts.mentions[:MAX_LISTED]))),
            emoji=tuple(dict.fromkeys(parts.emoji))[:MAX_LISTED],
            read_at=read_at,
        )
