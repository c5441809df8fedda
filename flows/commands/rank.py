"""`likelens rank`: one ranking from the published database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from flows.commands.output import Format, show
from flows.settings import RankSettings, SettingsError, read_settings
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
            f"No picture has labels of {question.classifier!r} yet. Classifiers with labels: {', '.join(known) or 'none'}."
        )
    ranking = answer(settings.home, question)
    show(readable(ranking, question) if form == "table" else ranking, form, title_of(question))
    return 0


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
