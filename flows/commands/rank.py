"""Rank labels by likes, comments or count."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.chart_file import ChartFile, write_ranking
from flows.completion import complete
from flows.errors import SettingsError
from flows.options import with_config, with_format
from flows.output import Format, show, show_table
from flows.printable import printable
from flows.ranking_table import describe_differences, readable, stored_table, title_of
from flows.settings import Settings, read_settings
from flows.time_slices import Hours, Weekdays
from warehouse.published import published
from warehouse.ranking import rankings
from warehouse.ranking.comment_coverage import describe_comments
from warehouse.ranking.comparable_posts import describe_posts
from warehouse.ranking.empty_rankings import nearest, why_empty, why_unlabelled
from warehouse.ranking.measures import ALL_BY, By
from warehouse.ranking.plain_statistics import PLAIN_STATISTICS, STATISTICS, Statistic
from warehouse.ranking.ranking_query import MIN_ADJUSTED_POSTS, MIN_LIFT_POSTS, RankingQuery
from warehouse.ranking.rankings import classifiers_with_labels, ranked_database, stored_rows

if TYPE_CHECKING:
    import polars as pl

DAY = click.DateTime(["%Y-%m-%d"])
KINDS = ("image", "video", "carousel")
RATIO_DECIMALS = 5
"""Decimals of comments per like and of likes per follower, which are often below 0.01."""
NARROW_COLUMNS = ("interval", "accounts", "share")
"""What a narrow terminal leaves out, the first one first."""


@click.command(help=__doc__)
@with_config
@click.option(
    "--classifier",
    required=True,
    shell_complete=complete("classifier"),
    help="Name of the classifier in the settings.",
)
@click.option("--by", type=click.Choice(ALL_BY), required=True, help="What to rank by.")
@click.option(
    "--statistic", type=click.Choice(STATISTICS), help="Statistic of it.  [default: as in the settings]"
)
@click.option("--top", type=click.IntRange(min=1), help="Number of labels.  [default: as in the settings]")
@click.option("--account", shell_complete=complete("account"), help="Count the posts of this account only.")
@click.option("--source", shell_complete=complete("source"), help="Count the posts of this source only.")
@click.option("--since", type=DAY, help="Count posts from this day on (UTC).")
@click.option("--until", type=DAY, help="Count posts up to this day (UTC), which is included.")
@click.option("--kind", type=click.Choice(KINDS), help="Count posts of this kind only.")
@click.option(
    "--weekday",
    "weekdays",
    type=Weekdays(),
    default=(),
    help="Count posts of these weekdays only, as mon,tue.",
)
@click.option(
    "--hour", "hours", type=Hours(), help="Count posts of these hours only, as 6-12 (before 12:00)."
)
@click.option(
    "--within",
    shell_complete=complete("label"),
    help="Count posts only that have this label or group, and rank the other labels; food:hotdog is the label hotdog of the"
    " classifier food.",
)
@click.option("--without-pinned", is_flag=True, help="Leave out pinned posts.")
@click.option(
    "--without-reposts", is_flag=True, help="Leave out posts with the same pictures as an earlier one."
)
@click.option(
    "--without-near-reposts",
    is_flag=True,
    help="Leave out posts with nearly the same pictures as an earlier one, by stored embeddings.",
)
@click.option("--as-of", type=DAY, help="Rank what was known at the end of this day (UTC).")
@click.option(
    "--against-before",
    is_flag=True,
    help="By lift: rank its change since the period of the same length before.",
)
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
@click.option(
    "--chart",
    type=ChartFile(),
    help="Also draw the ranking to this file: .svg, .png, .html or .json (Vega-Lite).",
)
@with_format
def rank(config: Path, form: Format, chart: Path | None, **options: Any) -> int:
    settings = read_settings(config, sources=False)
    question = _question(settings, **options)
    if conflict := question.find_conflict():
        raise click.UsageError(conflict)
    if chart and question.against_before:
        raise click.UsageError("--chart draws no change between two periods. Leave out --against-before.")
    with published(settings.home):  # the connections of the functions below share what this one has read
        return _print_ranking(settings, question, form, chart)


def _print_ranking(settings: Settings, question: RankingQuery, form: Format, chart: Path | None) -> int:
    known = classifiers_with_labels(settings.home)
    if question.classifier not in known:
        raise SettingsError(
            f"No picture has labels of {question.classifier!r} yet. {_why_unlabelled(settings, question.classifier)}"
            f" Classifiers with labels: {', '.join(known) or 'none'}.{nearest(question.classifier, known)}"
        )
    if question.without_near_reposts:
        _require_near_duplicates(settings)
    if form == "table" and not chart and (stored := stored_rows(settings.home, question)) is not None:
        show_table(stored_table(stored), title_of(question), optional=NARROW_COLUMNS)
        _print_notes(settings, question, form, [], is_empty=not stored)
        return 0
    ranking = rankings.rank(settings.home, question)
    measure = question.measure
    decimals = RATIO_DECIMALS if measure and measure.ratio and measure.per != "comments" else 3
    shown = readable(ranking, question) if form == "table" else ranking
    show(shown, form, title_of(question), decimals, optional=NARROW_COLUMNS)
    _print_notes(
        settings, question, form, describe_differences(ranking, question), is_empty=ranking.is_empty()
    )
    if chart:
        _draw(settings, ranking, question, chart)
    return 0


def _draw(settings: Settings, ranking: pl.DataFrame, question: RankingQuery, file: Path) -> None:
    # The ranking's own output may be read by a program.
    if ranking.is_empty():
        print(f"{file} is not written, because the ranking is empty.", file=sys.stderr)
        return
    write_ranking(file, settings.home, ranking, question)
    print(f"Chart: {file}", file=sys.stderr)


def _require_near_duplicates(settings: Settings) -> None:
    """Raise `SettingsError` if the published database can't tell which pictures nearly equal others."""
    from warehouse.embeddings.lookup import current_versions, has_near_duplicates  # with pyarrow and NumPy

    with published(settings.home) as database:
        if not current_versions(database):
            raise SettingsError(
                "--without-near-reposts compares embeddings, and none are published yet. Set embeddings = true for a"
                f" classifier of the kind keras in {settings.file}, and run `likelens run`. --without-reposts needs none."
            )
        if not has_near_duplicates(database):
            raise SettingsError(
                "An older likelens published the database, without near-duplicates. Run `likelens run`, then"
                " --without-near-reposts works."
            )


def _question(
    settings: Settings,
    by: By,
    statistic: Statistic | None,
    top: int | None,
    min_posts: int | None,
    group: bool | None,
    **options: Any,
) -> RankingQuery:
    """The question of the options; those without a value have that of the settings."""
    default = settings.rank
    days: dict[str, Any] = {name: _day(options.pop(name)) for name in ("since", "until", "as_of")}
    sliced = options["weekdays"] or options["hours"]
    return RankingQuery(
        by=by,
        statistic=statistic or suitable_statistic(by, default.statistic),
        top=top or default.top,
        min_posts=min_posts or default.min_posts,
        grouped=default.group if group is None else group,
        time_zone=default.time_zone if sliced else "UTC",
        **days,
        **options,
    )


def suitable_statistic(by: By, statistic: Statistic) -> Statistic:
    """The statistic of the settings, or the median where the measure does not have it.

    Comments per like had no lift once: without --statistic their ranking stays what it was.
    """
    unchanged = by == "comments_per_like" and statistic == "lift"
    return "median" if unchanged or RankingQuery("", by, statistic).find_conflict() else statistic


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def _print_notes(
    settings: Settings, question: RankingQuery, form: Format, differences: list[str], *, is_empty: bool
) -> None:
    """Print which posts were counted or compared, or why the ranking is empty."""
    with ranked_database(settings.home, question) as database:
        if is_empty:
            print(f"The ranking is empty. {printable(why_empty(database, question))}", file=sys.stderr)
            return
        notes = [describe_posts(database, question), describe_comments(database, question)]
        if not question.by_lift and question.by != "count":
            notes.append(PLAIN_STATISTICS[question.statistic].note)
        if question.against_before:
            from warehouse.ranking.lift_changes import before

            earlier = before(question)
            notes.append(f"Before ({earlier.since} to {earlier.until}): {describe_posts(database, earlier)}")
    # Programs read standard output, so sentences go elsewhere.
    out = sys.stdout if form == "table" else sys.stderr
    print("\n".join([*filter(None, notes), *differences]), file=out)


def _why_unlabelled(settings: Settings, classifier: str) -> str:
    names = [lane.name for lane in settings.classifiers]
    if classifier not in names:
        return f"{settings.file} has no such classifier; it has: {', '.join(names) or 'none'}."
    with published(settings.home) as database:
        return printable(why_unlabelled(database, classifier))
