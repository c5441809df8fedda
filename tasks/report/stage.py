"""From the published database to the report's files: content gathered, charts drawn, page written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import duckdb

from tasks.report.charts import ranked_chart, ranking_chart, save_chart
from tasks.report.comparing import comparisons
from tasks.report.content import AccountSummary, Compared, Example, Heading, RankedChart, Report, Section
from tasks.report.page import render_page
from tasks.report.thumbnails import thumbnail
from warehouse.disk_space import full_disk_noticed, need_room
from warehouse.empty_rankings import why_empty, why_unlabelled
from warehouse.home import Home
from warehouse.publish import published
from warehouse.rankings import Question, rank

PAGE = "report.html"
EXAMPLES_OF = 6
"""Labels at the top of a ranking that get an example picture."""


def write_report(
    home: Home,
    questions: Sequence[Question],
    note: str | None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Path:
    """Write the charts (SVG, PNG, HTML) and the page; returns the page. Raises `NotPublished`, `DiskFull`."""
    folder = home.report
    with published(home) as database, full_disk_noticed(home.folder):
        need_room(home.folder)
        folder.mkdir(parents=True, exist_ok=True)
        sections: list[Section] = []
        drawn = 0
        for classifier, asked in groupby(questions, key=lambda question: question.classifier):
            version = _version(database, classifier)
            charts = []
            for question in asked:
                if version is not None:
                    charts.append(_chart(home, database, question))
                drawn += 1
                progress(drawn, len(questions))
            why = why_unlabelled(database, classifier) if version is None else ""
            sections.append(Section(classifier, version, tuple(charts), why))
        both = [section.classifier for section in sections if section.version is not None]
        side_by_side = tuple(comparisons(home, both))
        page = folder / PAGE
        fresh = page.with_name(f".{PAGE}.{os.getpid()}")
        fresh.write_text(render_page(_report(database, note, tuple(sections), side_by_side)), "utf-8")
        os.replace(fresh, page)
    return page


def _chart(home: Home, database: duckdb.DuckDBPyConnection, question: Question) -> RankedChart:
    heading = Heading(question.classifier, question.by, question.statistic, question.account)
    ranking = rank(home, question)
    save_chart(ranking_chart(ranking, heading), home.report, question.stem)
    labels = ranking["label"].head(EXAMPLES_OF).to_list()
    chart = ranked_chart(ranking, heading, list(_examples(home, database, question, labels)))
    return replace(chart, why_empty=why_empty(database, question)) if ranking.is_empty() else chart


def _examples(
    home: Home, database: duckdb.DuckDBPyConnection, question: Question, labels: list[str]
) -> Iterator[Example]:
    """For each label the post that did best by the question's measure, and a post once where others have it too."""
    best = {"likes": "likes", "comments": "comments", "count": "score"}[question.by]
    counted = "label_group" if question.grouped else "label"
    rows = database.execute(
        f"""select {counted}, sha256, path, url, caption, likes, comments
            from post_labels join posts using (source, post_id) join pictures using (sha256)
            where classifier = $1 and {counted} in (select unnest($2))
              and ($3 is null or post_labels.account = $3)
            qualify row_number() over (partition by {counted} order by {best} desc nulls last, post_id) <= {EXAMPLES_OF}
            order by {counted}, {best} desc nulls last, post_id""",
        [question.classifier, labels, question.account],
    ).fetchall()
    shown: set[str] = set()
    for label in labels:
        candidates = [row for row in rows if row[0] == label]
        chosen = next(
            (row for row in candidates if row[1] not in shown), candidates[0] if candidates else None
        )
        if chosen is not None:
            _, sha256, path, url, caption, likes, comments = chosen
            shown.add(sha256)
            yield Example(label, thumbnail(home.folder / path), url, caption, likes, comments)


def _version(database: duckdb.DuckDBPyConnection, classifier: str) -> str | None:
    found = database.execute(
        "select version from classifier_versions where classifier = ?", [classifier]
    ).fetchone()
    return None if found is None else str(found[0])


def _report(
    database: duckdb.DuckDBPyConnection,
    note: str | None,
    sections: tuple[Section, ...],
    side_by_side: tuple[Compared, ...],
) -> Report:
    posts, pictures, since, until = database.execute(
        "select count(*), (select count(*) from pictures), min(posted_at), max(posted_at) from posts"
    ).fetchall()[0]
    run_id, notices = _last_run(database)
    return Report(
        title="What the pictures show that earns likes and comments",
        generated_at=datetime.now(UTC),
        run_id=run_id,
        note=note,
        accounts=tuple(_accounts(database)),
        posts=posts,
        pictures=pictures,
        since=since,
        until=until,
        notices=tuple(notices),
        sections=sections,
        comparisons=side_by_side,
    )


def _accounts(database: duckdb.DuckDBPyConnection) -> Iterator[AccountSummary]:
    rows = database.execute(
        """select posts.source, posts.account, count(*), any_value(seen.followers)
           from posts left join (
               select source, account, arg_max(followers, observed_at) as followers from accounts group by all) seen
           on seen.source = posts.source and seen.account = posts.account
           group by all order by 1, 2"""
    ).fetchall()
    return (AccountSummary(*row) for row in rows)


def _last_run(database: duckdb.DuckDBPyConnection) -> tuple[str, list[str]]:
    found = database.execute(
        "select run_id from runs where stage = 'run' order by started_at desc limit 1"
    ).fetchone()
    if found is None:
        return "", []
    rows = database.execute(
        """select stage, lane, status, coalesce(message, '') from runs
           where run_id = ? and status in ('failed', 'incomplete') and stage <> 'run' order by started_at""",
        [found[0]],
    ).fetchall()
    return str(found[0]), [
        f"{stage} {lane}".strip() + f": {status}. {message}" for stage, lane, status, message in rows
    ]
