"""From the published database to the report's files: content, charts and page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain, groupby, zip_longest
from pathlib import Path

import duckdb
import polars as pl

from tasks.report.chart_source import source_of
from tasks.report.chart_style import NARROW
from tasks.report.charts import (
    ChartFiles,
    Drawing,
    begin_chart,
    chart_svg,
    ranked_chart,
    ranking_chart,
    save_chart,
)
from tasks.report.comments.section import what_people_say
from tasks.report.comparison import comparisons
from tasks.report.content import (
    ComparisonSection,
    Heading,
    RankedChart,
    Report,
    Section,
    Strip,
    ThemePictures,
    TopTable,
)
from tasks.report.data_section import data_tables, newest_reading
from tasks.report.drawing_process import draw_beside
from tasks.report.drawn_charts import reuse_drawings
from tasks.report.explorer import explore
from tasks.report.findings import findings
from tasks.report.forecast.content import ForecastSettings
from tasks.report.forecast.section import forecast_section
from tasks.report.page import render_page
from tasks.report.scope import EVERYTHING, ReportScope, strip_private
from tasks.report.strips import label_strips
from tasks.report.themes import is_of_themes, show_themes
from tasks.report.trends.sections import make_trends
from tasks.thumbnails import Thumbnails
from warehouse.disk_space import detect_full_disk, require_free_space
from warehouse.file_writing import replace_file
from warehouse.home import Home
from warehouse.overview.summary import account_summaries, current_version, last_run, totals
from warehouse.published import published
from warehouse.ranking.comparable_posts import PostCounts, count_posts
from warehouse.ranking.empty_rankings import why_empty, why_unlabelled
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank

PAGE = "report.html"
DRAWINGS = ".drawings"
"""A folder beside the page with the drawings of its charts, for the next report."""
TITLE = "What the pictures show that earns likes and comments"
MAX_STRIPS = 16
"""Labels of a classifier whose pictures are shown: the first of its rankings, in turn."""


def write_report(
    home: Home,
    questions: Sequence[RankingQuery],
    note: str | None,
    progress: Callable[[int, int], None] = lambda *_: None,
    *,
    quote: bool = False,
    forecasts: ForecastSettings | None = None,
) -> Path:
    """Write the charts (SVG, PNG, HTML, Vega-Lite) and the page; returns the page. Raises `NotPublished`, `DiskFull`.

    `quote` says whether it may have texts of comments, `forecasts` which models and candidates it shows.
    """
    with published(home) as database, detect_full_disk(home.folder):
        require_free_space(home.folder)
        home.report.mkdir(parents=True, exist_ok=True)
        with reuse_drawings(home.report / DRAWINGS):
            scope = ReportScope(quote=quote, forecasts=forecasts)
            report = collect_report(home, database, questions, note, home.report, scope, progress)
        page = home.report / PAGE
        # A run, `likelens report` and `likelens forget` may write it at once, on several machines too.
        replace_file(page, render_page(report))
    return page


def collect_report(
    home: Home,
    database: duckdb.DuckDBPyConnection,
    questions: Sequence[RankingQuery],
    note: str | None,
    folder: Path,
    scope: ReportScope = EVERYTHING,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Report:
    """The content of the report, for the posts of `scope`; the files of the charts are written to `folder`."""
    questions = scope.choose(questions)
    with draw_beside():
        begun = [
            _begin_section(home, database, list(group), number, folder)
            for number, (_, group) in enumerate(
                groupby(questions, key=lambda question: question.classifier), 1
            )
        ]
        # These draw nothing, so they come while the charts are drawn.
        found, explorer = findings(home, questions), explore(database, questions)
        comments = what_people_say(database, scope.chosen, questions, quotes=scope.quote and not scope.share)
        sections = []
        for number, finish in enumerate(begun, 1):
            sections.append(finish())
            progress(number * len(questions) // len(begun), len(questions))
        # Themes are no second opinion on what a picture shows.
        labelled = [one.classifier for one in sections if one.version is not None and not one.themes]
        # A comparison of classifiers is of all pictures.
        compared = tuple(comparisons(home, labelled)) if scope.has_all_posts else ()
        trends, advice = make_trends(database, questions)
        report = replace(
            _report(home, database, note, tuple(sections), compared, scope),
            findings=found,
            over_time=trends,
            posting_advice=advice,
            explorer=explorer,
            comments=comments,
            forecast=forecast_section(database, scope.forecasts, scope.chosen),
        )
    return strip_private(report) if scope.share else report


def _begin_section(
    home: Home,
    database: duckdb.DuckDBPyConnection,
    questions: Sequence[RankingQuery],
    number: int,
    folder: Path,
) -> Callable[[], Section]:
    """The rankings of one classifier: those by likes and comments as charts, the classic top tens as small tables.

    The result waits for the drawings of the charts.
    """
    classifier = questions[0].classifier
    version = current_version(database, classifier)
    if version is None:
        return partial(Section, classifier, None, (), why_unlabelled(database, classifier))
    charts = [_begin_chart(home, database, question) for question in questions]
    shown = [one for one in charts if one.question.by != "count"]
    tables = tuple(_top_tables(home, charts))
    themes: tuple[ThemePictures, ...] = ()
    strips: tuple[Strip, ...] = ()
    if is_of_themes(version):
        # A theme's pictures are shown once, and not by likes: most of its likes may be of one picture.
        # Typical pictures are of all posts.
        if questions[0] == replace(questions[0], account=None, since=None, until=None):
            themes = tuple(show_themes(home, database, classifier, f"theme-{number}"))
    else:
        rankings = [*(one.ranking for one in shown), *(one.ranking for one in tables)]
        labels = _labels_with_pictures([one["label"].to_list() for one in rankings])
        strips = label_strips(database, Thumbnails(home), questions[0], labels, f"pictures-{number}")

    def finish() -> Section:
        files = {one.question: save_chart(one.wide, folder, one.question.stem) for one in charts}
        ranked = tuple(_ranked_chart(database, one, files[one.question]) for one in shown)
        return Section(classifier, version, ranked, "", themes, tables, strips)

    return finish


@dataclass(frozen=True, slots=True)
class _BegunChart:
    """A ranking whose charts are being drawn; a ranking by count is a table on the page, and needs no narrow one."""

    question: RankingQuery
    ranking: pl.DataFrame
    counts: PostCounts
    wide: Drawing
    narrow: Drawing | None


def _begin_chart(home: Home, database: duckdb.DuckDBPyConnection, question: RankingQuery) -> _BegunChart:
    heading, ranking, counts = _heading(question), rank(home, question), count_posts(database, question)
    source = source_of(database, question, counts)
    wide = begin_chart(ranking_chart(ranking, heading, source=source))
    narrow = None
    if question.by != "count":
        narrow = begin_chart(ranking_chart(ranking, heading, NARROW, source))
    return _BegunChart(question, ranking, counts, wide, narrow)


def _ranked_chart(database: duckdb.DuckDBPyConnection, begun: _BegunChart, files: ChartFiles) -> RankedChart:
    question, ranking = begun.question, begun.ranking
    # Which posts a ranking by lift compares, and which it leaves out.
    compared = begun.counts.describe("compared") if question.by_lift else ""
    narrow = None if begun.narrow is None else chart_svg(begun.narrow)
    chart = ranked_chart(ranking, _heading(question), compared, files.svg.read_text("utf-8"), narrow)
    return replace(chart, why_empty=why_empty(database, question)) if ranking.is_empty() else chart


def _top_tables(home: Home, charts: Sequence[_BegunChart]) -> Iterator[TopTable]:
    """The rankings that have no chart on the page: by count, and where the charts are by lift also by the mean.

    One viral post of a rare label leads no table, because a label needs as many posts as it does for its lift.
    """
    for chart in charts:
        shown, ranking = chart.question, chart.ranking
        if shown.by_lift:
            shown = replace(shown, statistic="mean", min_posts=shown.least_posts)
            ranking = rank(home, shown)
        elif shown.by != "count":
            continue
        if not ranking.is_empty():
            yield TopTable(_heading(shown), ranking)


def _labels_with_pictures(rankings: Sequence[Sequence[str]]) -> list[str]:
    """All labels of the first ranking, then the first ones of the others in turn."""
    first, others = rankings[:1], rankings[1:]
    in_turn = (label for row in zip_longest(*others) for label in row if label is not None)
    return list(dict.fromkeys(chain(*first, in_turn)))[:MAX_STRIPS]


def _heading(question: RankingQuery) -> Heading:
    return Heading(question.classifier, question.by, question.statistic, question.account)


def _report(
    home: Home,
    database: duckdb.DuckDBPyConnection,
    note: str | None,
    sections: tuple[Section, ...],
    side_by_side: tuple[ComparisonSection, ...],
    scope: ReportScope,
) -> Report:
    posts, pictures, since, until = totals(database, scope.chosen)
    run_id, notices = last_run(database)
    return Report(
        title=f"{TITLE}: {scope.describe()}" if scope.describe() else TITLE,
        generated_at=datetime.now(UTC),
        run_id=run_id,
        note=note,
        accounts=account_summaries(database, scope.chosen),
        posts=posts,
        pictures=pictures,
        since=since,
        until=until,
        notices=notices,
        sections=sections,
        comparisons=side_by_side,
        fresh_until=newest_reading(database),
        # These tables are of all posts.
        data=tuple(data_tables(home, database)) if scope.has_all_posts else (),
    )
