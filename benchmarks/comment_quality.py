"""How often the stage read_comments is right, on comments that a person labelled by hand.

The file `tests/tasks/read_comments/comments.tsv` has a row for each comment: set (tuning or check), language, tone
(+, 0 or -), spam, question, and the text. Rules may be changed with the set `tuning` in view, and are judged by `check`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tasks.read_comments.reading import Reader
from warehouse.database.sql_comments import TONE_LIMIT
from warehouse.records.comment_readings import CommentText
from warehouse.schema.comment_tables import CommentReading

FILE = Path(__file__).parents[1] / "tests/tasks/read_comments/comments.tsv"


@dataclass(frozen=True, slots=True)
class LabelledComment:
    """A comment with its labels, and what the stage reads from it. The language is None where nobody could say."""

    group: str
    language: str | None
    tone: int
    spam: bool
    question: bool
    text: str
    reading: CommentReading

    @property
    def measured_tone(self) -> int | None:
        """The sign of the tone; 0 for neutral, None where it was not measured."""
        tone = self.reading.tone
        return None if tone is None else (tone >= TONE_LIMIT) - (tone <= -TONE_LIMIT)


@dataclass(frozen=True, slots=True)
class Score:
    """How many comments have a label, how many the stage gives it to, and in how many both agree."""

    labelled: int
    given: int
    right: int

    @property
    def precision(self) -> float:
        """The share of the given labels that are right; 1 where none was given."""
        return self.right / self.given if self.given else 1.0

    @property
    def recall(self) -> float:
        """The share of the labelled comments that were found; 1 where none is labelled."""
        return self.right / self.labelled if self.labelled else 1.0

    def __str__(self) -> str:
        return f"{self.labelled:8} {self.given:6} {self.right:6} {self.precision:10.2f} {self.recall:7.2f}"


def read_labelled_comments(file: Path = FILE) -> list[LabelledComment]:
    """The comments of the file, read by the stage's rules."""
    reader = Reader(lambda name: name)
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        LabelledComment(
            group=row["set"],
            language=None if row["language"] == "unknown" else row["language"],
            tone={"+": 1, "0": 0, "-": -1}[row["tone"]],
            spam=row["spam"] == "yes",
            question=row["question"] == "yes",
            text=row["text"],
            reading=reader.read(CommentText("s", "p", "c", row["text"], ""), datetime.now(UTC)),
        )
        for row in rows
    ]


def score(pairs: Iterable[tuple[bool, bool]]) -> Score:
    """The score of pairs (has the label, was given the label)."""
    found = list(pairs)
    return Score(
        sum(label for label, _ in found),
        sum(given for _, given in found),
        sum(label and given for label, given in found),
    )


def score_language(comments: Sequence[LabelledComment], language: str | None) -> Score:
    """The score of a language; of 'unknown' for None."""
    return score((one.language == language, one.reading.language == language) for one in comments)


def score_tone(comments: Sequence[LabelledComment], tone: int) -> Score:
    """The score of a tone, 1, 0 or -1, over the comments without spam of which it was measured."""
    return score(
        (one.tone == tone, one.measured_tone == tone)
        for one in comments
        if one.measured_tone is not None and not one.spam
    )


def score_spam(comments: Sequence[LabelledComment]) -> Score:
    """The score of spam, by any rule."""
    return score((one.spam, one.reading.spam) for one in comments)


def score_questions(comments: Sequence[LabelledComment]) -> Score:
    """The score of questions."""
    return score((one.question, one.reading.question) for one in comments)


def main() -> None:
    """Print the scores of both sets, and the mistakes in the set for tuning."""
    comments = read_labelled_comments()
    for group in ("tuning", "check"):
        _print_scores(group, [one for one in comments if one.group == group])
    for one in comments:
        if one.group == "tuning" and (mistakes := _mistakes(one)):
            print(f"{', '.join(mistakes):40} {one.text}")


def _print_scores(group: str, comments: Sequence[LabelledComment]) -> None:
    print(f"\n{group + ': ' + str(len(comments)) + ' comments':36} labelled  given  right  precision  recall")
    languages = [*sorted({one.language for one in comments if one.language}), None]
    for language in languages:
        theirs = [one for one in comments if one.language == language]
        print(f"language {language or 'unknown':27}{score_language(comments, language)}")
        print(f"  questions                         {score_questions(theirs)}")
        print(f"  spam                              {score_spam(theirs)}")
        measured = [one for one in theirs if one.measured_tone is not None and not one.spam]
        right = sum(one.measured_tone == one.tone for one in measured)
        opposite = sum(one.measured_tone == -one.tone != 0 for one in measured)
        total = sum(not one.spam for one in theirs)
        print(f"  tone: measured {len(measured)} of {total}, right {right}, the opposite {opposite}")
    for name, tone in (("positive", 1), ("neutral", 0), ("negative", -1)):
        print(f"tone {name:31}{score_tone(comments, tone)}")
    print(f"questions                           {score_questions(comments)}")
    print(f"spam                                {score_spam(comments)}")
    for rule in sorted({rule for one in comments for rule in one.reading.spam_rules}):
        theirs = [one for one in comments if rule in one.reading.spam_rules]
        print(f"  rule {rule:20} given {len(theirs)}, right {sum(one.spam for one in theirs)}")


def _mistakes(one: LabelledComment) -> list[str]:
    reading, tone = one.reading, one.measured_tone
    found = []
    if reading.language != one.language:
        found.append(f"language {reading.language}, not {one.language}")
    if tone is not None and tone != one.tone and not one.spam:
        found.append(f"tone {tone}, not {one.tone}")
    if reading.spam != one.spam:
        found.append("spam" if reading.spam else "no spam")
    if reading.question != one.question:
        found.append("question" if reading.question else "no question")
    return found


if __name__ == "__main__":
    main()
