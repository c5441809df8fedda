"""Rank labels by likes, comments or count."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click
import polars as pl

from flows.errors import SettingsError
from flows.intervals import interval_bars
from flows.options import with_config, with_format
from flows.output import Format, printable, show
from flows.settings import Settings, read_settings
from warehouse import rankings
from warehouse.comparable_posts import comparable_posts
from warehouse.empty_rankings import why_empty, why_unlabelled
from warehouse.publish import published
from warehouse.ranking_query import (
    MEASURES,
    MIN_ADJUSTED_POSTS,
    MIN_LIFT_POSTS,
    STATISTICS,
    By,
    RankingQuery,
    Statistic,
)
from warehouse.rankings import classifiers_with_labels

DAY = click.DateTime(["%Y-%m-%d"])
KINDS = ("image", "video", "carousel")
FIRST_COLUMNS = ("rank", "label", "posts", "accounts", "lift", "low", "high")


@click.command(help=__doc__)
@with_config
@click.option("--classifier", required=True, help="Name of the classifier in the settings.")
@click.option("--by", type=click.Choice(MEASURES), required=True, help="What to rank by.")
@click.option(
    "--statistic", type=click.Choice(STATISTICS), help="Statistic of it.  [default: as in the settings]"
)
@click.option("--top", type=click.IntRange(min=1), help="Number of labels.  [default: as in the settings]")
@click.option("--account", help="Count the posts of this account only.")
@click.option("--source", help="Count the posts of this source only.")
@click.option("--since", type=DAY, help="Count posts from this day on (UTC).")
@click.option("--until", type=DAY, help="Count posts up to this day (UTC), which is included.")
@click.option("--kind", type=click.Choice(KINDS), help="Count posts of this kind only.")
@click.option("--within", help="Count posts only that have this label or group, and rank the other labels.")
@click.option("--pairs", is_flag=True, help="By lift: rank pairs of labels that come together.")
@click.option(
    "--adjusted", is_flag=True, help="By lift of likes: hold the other frequent labels equal, in one model."
)
@click.option(
    "--min-posts",
    type=click.IntRange(min=1),
    help="Skip labels that fewer posts have.  [default: as in the settings, else"
    f" {MIN_LIFT_POSTS} for lift, {MIN_ADJUSTED_POSTS} with --adjusted]",
)
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
    source: str | None,
    since: datetime | None,
    until: datetime | None,
    kind: str | None,
    within: str | None,
    pairs: bool,
    adjusted: bool,
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
        since=None if since is None else since.date(),
        until=None if until is None else until.date(),
        kind=kind,
        source=source,
        within=within,
        pairs=pairs,
        adjusted=adjusted,
    )
    if pairs and not question.by_lift:
        raise click.UsageError("--pairs needs --by likes or --by comments, and --statistic lift.")
    if adjusted and not (question.by_lift and by == "likes"):
        raise click.UsageError("--adjusted needs --by likes and --statistic lift.")
    known = classifiers_with_labels(settings.home)
    if classifier not in known:
        raise SettingsError(
            f"No picture has labels of {classifier!r} yet. {_why_unlabelled(settings, classifier)}"
            f" Classifiers with labels: {', '.join(known) or 'none'}."
        )
    ranking = rankings.rank(settings.home, question)
    show(readable(ranking, question) if form == "table" else ranking, form, title_of(question))
    _print_notes(settings, ranking, question, form)
    return 0


def _print_notes(settings: Settings, ranking: pl.DataFrame, question: RankingQuery, form: Format) -> None:
    """Print which posts were compared, or why the ranking is empty."""
    with published(settings.home) as database:
        if ranking.is_empty():
            print(f"The ranking is empty. {printable(why_empty(database, question))}", file=sys.stderr)
        elif question.by_lift:
            compared = comparable_posts(database, question).describe(question.by)
            # Programs read standard output, so sentences go elsewhere.
            out = sys.stdout if form == "table" else sys.stderr
            print("\n".join([compared, *_differences(ranking, question)]), file=out)


def _why_unlabelled(settings: Settings, classifier: str) -> str:
    names = [lane.name for lane in settings.classifiers]
    if classifier not in names:
        return f"{settings.file} has no such classifier; it has: {', '.join(names) or 'none'}."
    with published(settings.home) as database:
        return printable(why_unlabelled(database, classifier))


def _differences(ranking: pl.DataFrame, question: RankingQuery) -> list[str]:
    """A sentence on the labels whose lift alone lies outside the interval of their own effect."""
    if not question.adjusted:
        return []
    differ = ranking.filter((pl.col("alone") < pl.col("low")) | (pl.col("alone") > pl.col("high")))
    if differ.is_empty():
        return ["The lifts agree with those of the labels alone (the column alone)."]
    names = ", ".join(
        f"{printable(row['label'])} ×{row['lift']:.2f} instead of ×{row['alone']:.2f}"
        for row in differ.iter_rows(named=True)
    )
    advice = (
        "Alone, a label also gets what the labels that come with it earn; the column lift is its own part."
    )
    return [f"Other than alone: {names}. {advice}"]


def readable(ranking: pl.DataFrame, question: RankingQuery) -> pl.DataFrame:
    """The columns for a person: a ranking by lift with bars, one by count without the columns that are all 1."""
    if question.by == "count":
        return ranking.drop("total", "mean", "median")
    if question.by_lift:
        bars = ranking.with_columns(interval_bars(ranking))
        alone = ["alone"] if question.adjusted else []
        return bars.select(*FIRST_COLUMNS, "interval", "q", *alone, "median", "share")
    return ranking


def title_of(question: RankingQuery) -> str:
    """Describe a ranking in one line."""
    measure = f"{question.by}, {question.statistic} per post"
    if question.by == "count":
        measure = "how many posts show it"
    elif question.by_lift:
        measure = f"lift of {question.by}"
    account = f" of {question.account}" if question.account else ""
    within = f" within {question.within}" if question.within else ""
    rows = "groups of labels" if question.grouped else "labels"
    if question.pairs:
        rows = f"pairs of {rows}"
    adjusted = ", the other labels held equal" if question.adjusted else ""
    return f"{question.classifier}: top {question.top} {rows}{within}{account} by {measure}{adjusted}"
