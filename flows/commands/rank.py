"""`likelens rank`: one ranking from the published database."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from flows.commands.output import Format, printable, show
from flows.settings import RankSettings, Settings, SettingsError, read_settings
from warehouse.empty_rankings import why_empty, why_unlabelled
from warehouse.publish import published
from warehouse.rankings import By, Question, Statistic, classifiers_with_labels
from warehouse.rankings import rank as answer


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as the command line asks it; what is None comes from the settings."""

    classifier: str
    by: By
    account: str | None
    statistic: Statistic | None
    top: int | None
    min_posts: int | None
    group: bool | None

    def question(self, default: RankSettings) -> Question:
        """The question in full."""
        return Question(
            self.classifier,
            self.by,
            self.statistic or default.statistic,
            self.top or default.top,
            self.account,
            self.min_posts or default.min_posts,
            default.group if self.group is None else self.group,
        )


def rank(config: Path, asked: Asked, form: Format) -> int:
    """Answer a question from the published database."""
    settings = read_settings(config)
    question = asked.question(settings.rank)
    known = classifiers_with_labels(settings.home)
    if question.classifier not in known:
        raise SettingsError(
            f"No picture has labels of {question.classifier!r} yet. {_why_unlabelled(settings, question.classifier)}"
            f" Classifiers with labels: {', '.join(known) or 'none'}."
        )
    ranking = answer(settings.home, question)
    show(readable(ranking, question) if form == "table" else ranking, form, title_of(question))
    if ranking.is_empty():
        with published(settings.home) as database:
            why = why_empty(database, question)
        # Not among the rows, which a program may read.
        print(f"The ranking is empty. {printable(why)}", file=sys.stderr)
    return 0


def _why_unlabelled(settings: Settings, classifier: str) -> str:
    names = [lane.name for lane in settings.classifiers]
    if classifier not in names:
        return f"{settings.file} has no such classifier; it has: {', '.join(names) or 'none'}."
    with published(settings.home) as database:
        return printable(why_unlabelled(database, classifier))


def readable(ranking: pl.DataFrame, question: Question) -> pl.DataFrame:
    """A ranking without the columns that say nothing to a person: by count every post counts 1."""
    return ranking.drop("total", "mean", "median") if question.by == "count" else ranking


def title_of(question: Question) -> str:
    """A ranking's heading in words."""
    measured = (
        "how many posts show it"
        if question.by == "count"
        else f"{question.by}, {question.statistic} per post"
    )
    account = f" of {question.account}" if question.account else ""
    counted = "groups of labels" if question.grouped else "labels"
    return f"{question.classifier}: top {question.top} {counted}{account} by {measured}"
