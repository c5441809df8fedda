"""`likelens rank`: one ranking from the published database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from flows.commands.output import Format, show
from flows.settings import SettingsError, read_settings
from warehouse.rankings import Question, Statistic, classifiers_with_labels
from warehouse.rankings import rank as answer


def rank(
    config: Path,
    question: Question,
    statistic: Statistic | None,
    top: int | None,
    min_posts: int | None,
    form: Format,
) -> int:
    """Answer a question; what it leaves open comes from the settings."""
    settings = read_settings(config)
    question = replace(
        question,
        statistic=statistic or settings.rank.statistic,
        top=top or settings.rank.top,
        min_posts=min_posts or settings.rank.min_posts,
    )
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
    return f"{question.classifier}: top {question.top} labels{account} by {measured}"
