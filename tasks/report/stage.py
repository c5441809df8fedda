"""From the published database to the report's files: content, charts and page."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import duckdb

from tasks.report.chart_source import source_of
from tasks.report.charts import ranked_chart, ranking_chart, save_chart
from tasks.report.comparison import comparisons
from tasks.report.content import ComparisonSection, Example, Heading, RankedChart, Report, Section
from tasks.report.page import render_page
from tasks.report.themes import is_of_themes, show_themes
from tasks.report.trends.sections import make_trends
from tasks.thumbnails import thumbnail
from warehouse.disk_space import detect_full_disk, require_free_space
from warehouse.home import Home
from warehouse.overview.summary import account_summaries, best_pictures, current_version, last_run, totals
from warehouse.published import published
from warehouse.ranking.comparable_posts import count_posts
from warehouse.ranking.empty_rankings import why_empty, why_unlabelled
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank
from warehouse.records.captions import current_captions

PAGE = "report.html"
MAX_EXAMPLES = 6
"""Labels at the top of a ranking that get an example picture."""


def write_report(
    home: Home,
    questions: Sequence[RankingQuery],
    note: str | None,
    progress: Callable[[int, int], None] = lambda *_: None,
    time_zone: str = "UTC",
) -> Path:
    """Write the charts (SVG, PNG, HTML, Vega-Lite) and the page; returns the page.

    Weekdays and hours are those of the IANA time zone. Raises `NotPublished`, `DiskFull`.
    """
    with published(home) as database, detect_full_disk(home.folder):
        require_free_space(home.folder)
        home.report.mkdir(parents=True, exist_ok=True)
        sections: list[Section] = []
        drawn = 0
        for classifier, group in groupby(questions, key=lambda question: question.classifier):
            version = current_version(database, classifier)
            charts = []
            for question in group:
                if version is not None:
                    # A theme's pictures are shown once, and not by likes: most of its likes may be of one picture.
                    labels = 0 if is_of_themes(version) else MAX_EXAMPLES
                    charts.append(_chart(home, database, question, labels))
                drawn += 1
                progress(drawn, len(questions))
            why = why_unlabelled(database, classifier) if version is None else ""
            themes = tuple(show_themes(home, database, classifier)) if is_of_themes(version) else ()
            sections.append(Section(classifier, version, tuple(charts), why, themes))
        # Themes are no second opinion on what a picture shows.
        labelled = [one.classifier for one in sections if one.version is not None and not one.themes]
        report = _report(database, note, tuple(sections), tuple(comparisons(home, labelled)))
        trends, advice = make_trends(database, questions, time_zone)
        report = replace(report, over_time=trends, posting_advice=advice)
        page = home.report / PAGE
        temporary = page.with_name(f".{PAGE}.{os.getpid()}")
        temporary.write_text(render_page(report), "utf-8")
        os.replace(temporary, page)
    return page


def _chart(
    home: Home, database: duckdb.DuckDBPyConnection, question: RankingQuery, with_examples: int
) -> RankedChart:
    heading = Heading(question.classifier, question.by, question.statistic, question.account)
    ranking = rank(home, question)
    counts = count_posts(database, question)
    source = source_of(database, question, counts)
    files = save_chart(ranking_chart(ranking, heading, source=source), home.report, question.stem)
    labels = ranking["label"].head(with_examples).to_list()
    examples = list(label_examples(home, database, question, labels))
    wide = files.svg.read_text("utf-8")
    compared = counts.describe("compared") if question.by_lift else ""
    chart = ranked_chart(ranking, heading, examples, compared, wide, source)
    return replace(chart, why_empty=why_empty(database, question)) if ranking.is_empty() else chart


def label_examples(
    home: Home, database: duckdb.DuckDBPyConnection, question: RankingQuery, labels: Sequence[str]
) -> Iterator[Example]:
    """For each label its best picture by the question's measure; a picture is repeated only if the label has no other."""
    pictures = best_pictures(database, question, labels, MAX_EXAMPLES)
    sentences = current_captions(database, [one.sha256 for one in pictures], question.classifier)
    shown: set[str] = set()
    for label in labels:
        candidates = [picture for picture in pictures if picture.label == label]
        unused = (picture for picture in candidates if picture.sha256 not in shown)
        best = next(unused, candidates[0] if candidates else None)
        if best is not None:
            shown.add(best.sha256)
            image = thumbnail(home.folder / best.path)
            sentence = sentences.get(best.sha256)
            yield Example(label, image, best.post_url, best.caption, best.likes, best.comments, sentence)


def _report(
    database: duckdb.DuckDBPyConnection,
    note: str | None,
    sections: tuple[Section, ...],
    side_by_side: tuple[ComparisonSection, ...],
) -> Report:
    posts, pictures, since, until = totals(database)
    run_id, notices = last_run(database)
    return Report(
        title="What the pictures show that earns likes and comments",
        generated_at=datetime.now(UTC),
        run_id=run_id,
        note=note,
        accounts=account_summaries(database),
        posts=posts,
        pictures=pictures,
        since=since,
        until=until,
        notices=notices,
        sections=sections,
        comparisons=side_by_side,
    )
