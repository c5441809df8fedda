"""Rank labels by likes, comments or count."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import polars as pl

from flows.errors import SettingsError
from flows.options import with_config, with_format
from flows.output import Format, printable, show
from flows.settings import Settings, read_settings
from warehouse import rankings
from warehouse.empty_rankings import why_empty, why_unlabelled
from warehouse.publish import published
from warehouse.rankings import MEASURES, STATISTICS, By, RankingQuery, Statistic, classifiers_with_labels


@click.command(help=__doc__)
@with_config
@click.option("--classifier", required=True, help="Name of the classifier in the settings.")
@click.option("--by", type=click.Choice(MEASURES), required=True, help="What to rank by.")
@click.option(
    "--statistic", type=click.Choice(STATISTICS), help="Statistic of it.  [default: as in the settings]"
)
@click.option("--top", type=click.IntRange(min=1), help="Number of labels.  [default: as in the settings]")
@click.option("--account", help="Count the posts of this account only.")
@click.option("--min-posts", type=click.IntRange(min=1), help="Skip labels that fewer posts have.")
@click.option(
    "--group/--no-group",
    default=None,
    help="Count labels of one group as one: tabby and tiger cat as cat.  [default: as in the settings]",
)
@with_format
def rank(
    config: Path,
    classifier: str,
    by: By,
    statistic: Statistic | None,
    top: int | None,
    account: str | None,
    min_posts: int | None,
    group: bool | None,
    form: Format,
) -> int:
    settings = read_settings(config)
    default = settings.rank
    question = RankingQuery(
        classifier,
        by,
        statistic or default.statistic,
        top or default.top,
        account,
        min_posts or default.min_posts,
        default.group if group is None else group,
    )
    known = classifiers_with_labels(settings.home)
    if classifier not in known:
        raise SettingsError(
            f"No picture has labels of {classifier!r} yet. {_why_unlabelled(settings, classifier)}"
            f" Classifiers with labels: {', '.join(known) or 'none'}."
        )
    ranking = rankings.rank(settings.home, question)
    show(readable(ranking, question) if form == "table" else ranking, form, title_of(question))
    if ranking.is_empty():
        with published(settings.home) as database:
            why = why_empty(database, question)
        # Programs read standard output, so the reason goes elsewhere.
        print(f"The ranking is empty. {printable(why)}", file=sys.stderr)
    return 0


def _why_unlabelled(settings: Settings, classifier: str) -> str:
    names = [lane.name for lane in settings.classifiers]
    if classifier not in names:
        return f"{settings.file} has no such classifier; it has: {', '.join(names) or 'none'}."
    with published(settings.home) as database:
        return printable(why_unlabelled(database, classifier))


def readable(ranking: pl.DataFrame, question: RankingQuery) -> pl.DataFrame:
    """Drop the columns that say nothing in a ranking by count, where every post counts 1."""
    return ranking.drop("total", "mean", "median") if question.by == "count" else ranking


def title_of(question: RankingQuery) -> str:
    """Describe a ranking in one line."""
    measure = (
        "how many posts show it"
        if question.by == "count"
        else f"{question.by}, {question.statistic} per post"
    )
    account = f" of {question.account}" if question.account else ""
    rows = "groups of labels" if question.grouped else "labels"
    return f"{question.classifier}: top {question.top} {rows}{account} by {measure}"
