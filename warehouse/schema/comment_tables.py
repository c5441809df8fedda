"""The tables of comments: what each one says, as the stage read_comments reads it, and what it is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from warehouse.schema.table_schema import Row, SourceRow


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentTopic(SourceRow):
    """What each comment is about: its topic among those of its language."""

    table: ClassVar[str] = "comment_topics"
    key: ClassVar[tuple[str, ...]] = ("source", "post_id", "comment_id")

    source: Annotated[str, "Name of the source in the settings"]
    post_id: Annotated[str, "The source's own id of the post"]
    comment_id: Annotated[str, "The source's own id of the comment"]
    version: Annotated[str, "Version of the topics of the language"]
    text_digest: Annotated[str, "Hash of the text, so that an edited comment gets its topic again"]
    language: Annotated[str, "Language as ISO 639-1"]
    topic: Annotated[str | None, "Its topic; null: no word of it is of a topic"]
    strength: Annotated[float | None, "How much of the comment is of the topic, 0 to 1; null without a topic"]
    placed_at: Annotated[datetime, "When it got the topic (UTC)"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic(Row):
    """Topics of comments by language. A topic keeps its id and name when topics are found again."""

    table: ClassVar[str] = "topics"
    key: ClassVar[tuple[str, ...]] = ("topic",)

    topic: Annotated[str, "The topic: its language and a number, such as en-3"]
    language: Annotated[str, "Language as ISO 639-1"]
    name: Annotated[str, "Its most distinctive words"]
    words: Annotated[tuple[str, ...], "The same words as a list"]
    version: Annotated[str, "Version of the topics of the language"]
    found_at: Annotated[datetime, "When the topics of this version were found (UTC)"]
