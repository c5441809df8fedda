"""One comment from its text to its row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tasks.read_comments.language import find_language
from tasks.read_comments.questions import is_question
from tasks.read_comments.spam import matching_rules
from tasks.read_comments.text_parts import MAX_READ_LENGTH, divide_text
from tasks.read_comments.tone import find_tone
from warehouse.records.comment_readings import CommentText
from warehouse.schema.comment_tables import CommentReading

VERSION = "rules-1"
"""Changes with every rule and lexicon: a new version reads all stored comments again."""
MAX_LISTED = 50
"""Hashtags, mentions and emoji of a comment that are stored, of each."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads comments. `hash_name` gives the keyed hash of a mentioned account, or None for a forgotten one."""

    hash_name: Callable[[str], str | None]
    version: str = VERSION

    def read(self, comment: CommentText, read_at: datetime) -> CommentReading:
        """The row of a comment."""
        parts = divide_text(comment.text)
        language = find_language(parts.words)
        tone = find_tone(parts, language)
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
