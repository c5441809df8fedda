"""The summary of a run as Markdown: what is new, what was found, what failed and what to do, the checks and the cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from flows.settings import Settings, questions
from flows.spending import monthly_spending
from tasks.errors import EXPECTED
from tasks.fetch.advice import ADVICE
from tasks.markdown import MAX_TEXT, code, escape, table
from tasks.report.findings import findings
from tasks.report.stage import PAGE
from tasks.run import Run
from tasks.stage_events import StageName
from warehouse.database.checks import describe_checks
from warehouse.overview.night import (
    SourceNews,
    count_new_pictures,
    list_quiet_sources,
    read_fetch_failures,
    read_lane_news,
    read_source_news,
)
from warehouse.records.charges import charge_totals_since
from warehouse.records.runs import RUN_STAGE, StageResult
from warehouse.schema.run_tables import StageRun

MAX_ROWS = 20
"""Rows of a table of the summary; a line says how many more there are."""
MAX_FINDINGS = 3
_STATUS = {"done": "Done", "incomplete": "Incomplete", "failed": "Failed"}


def summarize_night(run: Run, settings: Settings, result: StageResult) -> str:
    """The summary of a run that has ended."""
    stages = [row for row in run.journal.rows() if row.stage != RUN_STAGE]
    [since] = [row.started_at for row in run.journal.rows() if row.stage == RUN_STAGE]
    parts = (
        _opening(run, result, since),
        _findings(settings, stages),
        _problems(stages),
        _news(run, since),
        _failures(run, since),
        _quiet(list_quiet_sources(run.home.lake, settings.scrape.quiet_days, datetime.now(UTC))),
        _checks(stages),
        _cost(run, settings, since),
        _paths(run, settings),
    )
    return "\n\n".join("\n".join(lines) for lines in map(list, parts) if lines)


def _opening(run: Run, result: StageResult, since: datetime) -> list[str]:
    seconds = (datetime.now(UTC) - since).total_seconds()
    news = read_source_news(run.home.lake, since)
    posts, pictures = sum(one.new_posts for one in news), count_new_pictures(run.home.lake, since)
    resumed = ", resumed after an interruption" if run.journal.resumed else ""
    status = _STATUS.get(result.status, result.status)
    new = f"{posts:,} new post{'' if posts == 1 else 's'}, {pictures:,} new picture{'' if pictures == 1 else 's'}"
    return [f"**{status}** in {describe_seconds(seconds)}{resumed}. {new}."]


def describe_seconds(seconds: float) -> str:
    """For example '1 h 4 min', '12 min' or '35 s'."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _findings(settings: Settings, stages: Sequence[StageRun]) -> Iterator[str]:
    if not any(row.stage == "publish" and row.status == "done" for row in stages):
        return
    try:
        found = findings(settings.home, questions(settings))[:MAX_FINDINGS]
    except EXPECTED:
        return  # there is no database, and the stages say why
    if found:
        yield "## Findings\n"
        yield from (f"- {escape(one.sentence, MAX_TEXT)}" for one in found)


def _problems(stages: Sequence[StageRun]) -> Iterator[str]:
    problems = [row for row in stages if row.status != "done"]
    if problems:
        yield "## What to look at\n"
        for row in problems[:MAX_ROWS]:
            yield f"- **{escape(str(StageName(row.stage, row.lane)))}** is {row.status}. {escape(row.message or 'The log has the reason.', MAX_TEXT)}"
        yield from _more(len(problems))


def _news(run: Run, since: datetime) -> Iterator[str]:
    sources = read_source_news(run.home.lake, since)
    if sources:
        yield "## Posts\n"
        rows = [
            [escape(one.source), f"{one.new_posts:,}", f"{one.posts:,}", f"{one.newest_at:%Y-%m-%d %H:%M}"]
            for one in sources[:MAX_ROWS]
        ]
        yield from table(["source", "new posts", "all posts", "newest (UTC)"], rows, (1, 2))
        yield from _more(len(sources))
    lanes = read_lane_news(run.home.lake, since)
    if lanes:
        yield "\n## Labels\n"
        rows = [[escape(one.classifier), f"{one.pictures:,}", f"{one.labels:,}"] for one in lanes[:MAX_ROWS]]
        yield from table(["classifier", "pictures", "new labels"], rows, (1, 2))
        yield from _more(len(lanes))


def _failures(run: Run, since: datetime) -> Iterator[str]:
    failures = read_fetch_failures(run.home.lake, since)
    if failures:
        yield "## Pictures that could not be fetched\n"
        rows = [[code(one.reason), f"{one.pictures:,}", ADVICE.get(one.reason, "")] for one in failures]
        yield from table(["reason", "pictures", "what to do"], rows, (1,))


def _quiet(sources: Sequence[SourceNews]) -> Iterator[str]:
    if sources:
        yield "## Quiet sources\n"
        for one in sources[:MAX_ROWS]:
            yield f"- {escape(describe_quiet(one), MAX_TEXT)}"
        yield from _more(len(sources))


def describe_quiet(source: SourceNews) -> str:
    """For example 'ann: no new post for 21 days (the newest is of 2026-11-06)'."""
    days = (datetime.now(UTC) - source.newest_at).days
    return f"{source.source}: no new post for {days:,} days (the newest is of {source.newest_at:%Y-%m-%d})"


def _checks(stages: Sequence[StageRun]) -> Iterator[str]:
    lines = [text for row in stages if (text := describe_checks(row.counts))]
    if lines:
        yield "## Checks\n"
        yield from (f"- {escape(line, MAX_TEXT)}" for line in lines)


def _cost(run: Run, settings: Settings, since: datetime) -> Iterator[str]:
    spending = monthly_spending(settings)
    if spending.is_empty():
        return
    tonight = charge_totals_since(run.home.lake, since)
    yield "## Cost\n"
    rows = []
    for row in spending.head(MAX_ROWS).iter_rows(named=True):
        sent = [one for one in tonight if one.classifier == row["classifier"]]
        costs = [one.cost for one in sent if one.cost is not None]
        rows.append(
            [
                escape(row["classifier"]),
                f"{sum(one.spent for one in sent):,}",
                f"{sum(costs):,.2f}" if costs or row["cost"] is not None else "–",
                f"{row['spent']:,}",
                "–" if row["cost"] is None else f"{row['cost']:,.2f}",
                "–" if row["left"] is None else f"{row['left']:,}",
            ]
        )
    head = ["classifier", "pictures sent", "cost", "sent this month", "cost this month", "left this month"]
    yield from table(head, rows, (1, 2, 3, 4, 5))


def _paths(run: Run, settings: Settings) -> Iterator[str]:
    yield "## Files\n"
    rows = [
        ["report", code(str(run.home.report / PAGE))],
        ["database", code(str(run.home.database))],
        ["settings", code(str(settings.file.absolute()))],
        ["run", code(run.journal.run_id)],
    ]
    yield from table(["what", "where"], rows)


def _more(count: int) -> Iterator[str]:
    if count > MAX_ROWS:
        yield f"\n{count - MAX_ROWS:,} more: `likelens status`"
