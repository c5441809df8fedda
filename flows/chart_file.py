"""A ranking as one chart, in a file that the user names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.time_slices import describe_times
from warehouse.home import Home
from warehouse.ranking.comparable_posts import count_posts
from warehouse.ranking.ranking_query import EXCLUSIONS, RankingQuery
from warehouse.ranking.rankings import ranked_database

if TYPE_CHECKING:
    import polars as pl

ENDINGS = (".svg", ".png", ".html", ".json")


class ChartFile(click.ParamType[Path]):
    """A file whose ending is a format of charts, in a folder that exists."""

    name = "file"

    def convert(self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Check the path. A wrong one is an error that says what to write."""
        file = Path(value)
        if file.suffix.lower() not in ENDINGS:
            self.fail(
                f"{file} has no format. Let it end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}.", param, ctx
            )
        if not file.parent.is_dir():
            self.fail(f"There is no folder {file.parent}. Create it first.", param, ctx)
        if file.is_dir():
            self.fail(f"{file} is a folder. Name a file.", param, ctx)
        return file


def write_ranking(file: Path, home: Home, ranking: pl.DataFrame, question: RankingQuery) -> None:
    """Draw the ranking of a question, and write its chart to the file. Raises `OSError`."""
    # Altair and vl-convert take a second to import.
    from tasks.report.chart_source import source_of
    from tasks.report.charts import ranking_chart, write_chart
    from tasks.report.content import Heading

    heading = Heading(question.classifier, question.by, question.statistic, question.account)
    with ranked_database(home, question) as database:
        source = source_of(database, question, count_posts(database, question), describe_choice(question))
    home.report.mkdir(parents=True, exist_ok=True)
    write_chart(ranking_chart(ranking, heading, source=source), file, home.report)


def describe_choice(question: RankingQuery) -> tuple[str, ...]:
    """What a question chooses beside classifier, measure and account, each as a phrase."""
    phrases = {
        "groups of labels": question.grouped,
        "pairs of labels": question.pairs,
        "the other labels held equal": question.adjusted,
        f"source {question.source}": question.source,
        f"within {question.within}": question.within,
        f"kind {question.kind}": question.kind,
        f"posted since {question.since}": question.since,
        f"posted until {question.until}": question.until,
        f"as of {question.as_of}": question.as_of,
        f"labels of at least {question.least_posts} posts": question.least_posts > 1,
    }
    times = [describe_times(question)] if question.sliced else []
    excluded = [
        f"without posts {what}" for field, (_, what) in EXCLUSIONS.items() if getattr(question, field)
    ]
    return (*(phrase for phrase, holds in phrases.items() if holds), *times, *excluded)
