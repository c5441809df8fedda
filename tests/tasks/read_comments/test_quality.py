"""The stage read_comments on comments labelled by hand: no worse than the figures of docs/measurements.md allow."""

from __future__ import annotations

import pytest

from benchmarks.comment_quality import (
    LabelledComment,
    Score,
    read_labelled_comments,
    score_language,
    score_questions,
    score_spam,
    score_tone,
)

LANGUAGES = ("de", "en", "es", "fr", "it", "ja", "pt", "ru")


@pytest.fixture(scope="module")
def comments() -> list[LabelledComment]:
    """The half that was set aside while the rules were written."""
    return [one for one in read_labelled_comments() if one.group == "check"]


def at_least(score: Score, precision: float, recall: float) -> bool:
    return score.precision >= precision and score.recall >= recall


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_that_is_given_is_right(comments: list[LabelledComment], language: str) -> None:
    """At most one of the few comments given a language is of another; half of the comments in it are found."""
    assert at_least(score_language(comments, language), 0.9, 0.5)


def test_spam_and_questions_are_found(comments: list[LabelledComment]) -> None:
    """Nine of ten comments that are called spam or a question are one, and four of five are found."""
    assert at_least(score_spam(comments), 0.9, 0.8)
    assert at_least(score_questions(comments), 0.9, 0.8)


def test_a_measured_tone_is_rarely_the_opposite(comments: list[LabelledComment]) -> None:
    """A positive or negative tone is right nine times of ten; at most one comment in fifty has the opposite one."""
    assert at_least(score_tone(comments, 1), 0.9, 0.8)
    assert at_least(score_tone(comments, -1), 0.9, 0.7)
    measured = [one for one in comments if one.measured_tone is not None and not one.spam]
    opposite = [one.text for one in measured if one.measured_tone == -one.tone != 0]
    assert len(opposite) <= len(measured) // 30
