"""What stands below a chart: the posts that it is about, their period, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import altair as alt
import duckdb
import polars as pl

from tasks.report.chart_style import GREY, SMALL_SIZE
from tasks.report.names import shorten, wrap
from tasks.report.wording import full_date, posts
from warehouse.overview.summary import current_version, last_run
from warehouse.ranking.comparable_posts import PostCounts
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.schema.utc import as_utc

LINE = 15
"""From one line of the source to the next, in pixels."""


@dataclass(frozen=True, slots=True)
class ChartSource:
    """The origin of a chart: its posts, the times of the first and last one, and what the numbers were read from.

    `what` are further choices of posts, such as 'within dog'. `version` is the classifier's.
    """

    posts: int
    accounts: int
    since: datetime | None
    until: datetime | None
    database: str
    run_id: str
    version: str
    drawn: date
    what: tuple[str, ...] = ()

    def lines(self, ems: float) -> list[str]:
        """The source in words, on lines that are at most `ems` wide (multiples of the font size)."""
        accounts = f"{self.accounts:,} account" + ("" if self.accounts == 1 else "s")
        period = _period(self.since, self.until)
        counted = wrap([f"n = {posts(self.posts)} of {accounts}", *period, *self.what], ems)
        run = f"{self.database}, run {self.run_id}" if self.run_id else self.database
        origin = [
            f"Source: {run}",
            *([shorten(self.version, 40)] if self.version else []),
            f"drawn {full_date(self.drawn)}",
        ]
        return [*counted, *wrap(origin, ems)]


def source_of_posts(database: duckdb.DuckDBPyConnection, posts: pl.DataFrame) -> ChartSource:
    """The source of a chart of these posts: a frame with `source`, `account` and `posted_at`, and a row for each."""
    since, until = posts["posted_at"].min(), posts["posted_at"].max()
    return ChartSource(
        len(posts),
        posts.select(pl.struct("source", "account").n_unique()).item(),
        since if isinstance(since, datetime) else None,
        until if isinstance(until, datetime) else None,
        database="likelens.duckdb",
        run_id=last_run(database)[0],
        version="",
        drawn=datetime.now(UTC).date(),
    )


def source_of(
    database: duckdb.DuckDBPyConnection,
    question: RankingQuery,
    counts: PostCounts,
    what: tuple[str, ...] = (),
) -> ChartSource:
    """The source of a chart of `question`, whose posts are `counts`."""
    return ChartSource(
        counts.counted if counts.sliced is None else counts.sliced,
        counts.accounts,
        counts.since,
        counts.until,
        "likelens.duckdb",
        last_run(database)[0],
        current_version(database, question.classifier) or "",
        datetime.now(UTC).date(),
        what,
    )


def source_mark(lines: list[str], y: float) -> alt.Chart:
    """The lines as a mark of a chart, the first one at `y`."""
    # A sequence has no rows in the chart's data.
    text = alt.Chart(alt.sequence(1)).mark_text(
        align="left", fontSize=SMALL_SIZE, lineHeight=LINE, color=GREY, aria=False
    )
    x, first = alt.XValue(0), alt.YValue(y)  # type: ignore[no-untyped-call]
    mark: alt.Chart = text.encode(text=alt.TextValue(lines), x=x, y=first)
    return mark


def _period(since: datetime | None, until: datetime | None) -> list[str]:
    if since is None or until is None:
        return []
    first, last = full_date(as_utc(since).date()), full_date(as_utc(until).date())
    return [first if first == last else f"{first} to {last}"]
