"""The content of the section 'What people say': frozen values that `tasks/report/templates/comments.html` shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tasks.report.trends.content import Sentence, TrendCard


@dataclass(frozen=True, slots=True)
class LanguageRow:
    """A language with its numbers as text; `topics` says how many it has, or why none."""

    name: str
    comments: str
    share: str
    with_tone: str
    topics: str


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A topic with its numbers as text, the length of its bar (0 to 20), and a typical comment, or None.

    `code` is the language of name and quote as HTML names it.
    """

    name: str
    code: str
    comments: str
    posts: str
    share: str
    bar: int
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class LanguageTopics:
    """The topics of a language, and a note on topics that are not shown and on comments that have none."""

    title: str
    rows: tuple[TopicRow, ...]
    note: str


@dataclass(frozen=True, slots=True)
class CommentSection:
    """Sentences on what was measured, the languages, their topics, and remarks.

    `cards` are the lifts by label, and `differences` say the most certain ones.
    """

    sentences: tuple[str, ...]
    languages: tuple[LanguageRow, ...]
    topics: tuple[LanguageTopics, ...]
    remarks: tuple[str, ...] = ()
    cards: tuple[TrendCard, ...] = ()
    differences: tuple[Sentence, ...] = ()

    def without_quotes(self) -> CommentSection:
        """The same without any comment's text."""
        topics = tuple(
            replace(one, rows=tuple(replace(row, quote=None) for row in one.rows)) for one in self.topics
        )
        return replace(self, topics=topics)
