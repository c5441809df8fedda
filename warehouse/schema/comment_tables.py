"""The tables of comments: what each one says, as the stage read_comments reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from warehouse.schema.table_schema import SourceRow


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentReading(SourceRow):
    """What each comment says: language, tone, spam or not, question or not, and what it mentions."""

    table: ClassVar[str] = "comment_readings"
    key: ClassVar[tuple[str, ...]] = ("source", "post_id", "comment_id", "version")

    source: Annotated[str, "Name of the source in the settings"]
    post_id: Annotated[str, "The source's own id of the post"]
    comment_id: Annotated[str, "The source's own id of the comment"]
    version: Annotated[str, "Version of the reader: its rules, lexicons and model"]
    text_digest: Annotated[str, "Hash of the text that was read, so that an edited comment is read again"]
    language: Annotated[str | None, "Language as ISO 639-1; null: too short, or not certain"]
    tone: Annotated[
        float | None, "From -1 (negative) to 1 (positive); null: no lexicon or model fits the text"
    ]
    tone_by: Annotated[
        str | None, "What the tone comes from: vader, emoji, model, vader and emoji, or model and emoji"
    ]
    spam: Annotated[bool, "Whether a rule of spam matches"]
    spam_rules: Annotated[tuple[str, ...], "The rules that match"]
    question: Annotated[bool, "Whether it asks something"]
    hashtags: Annotated[tuple[str, ...], "Its hashtags, in lower case, each once"]
    mentions: Annotated[tuple[str, ...], "Keyed hashes of the accounts that it mentions, each once"]
    emoji: Annotated[tuple[str, ...], "Its emoji, each once"]
    read_at: Annotated[datetime, "When it was read (UTC)"]
