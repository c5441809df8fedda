"""What a run prints at its end: what it found, what is incomplete, and where everything is."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.output import wrap
from flows.printable import printable
from tasks.stage_events import StageName
from warehouse.database.checks import describe_checks
from warehouse.home import Home
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.records.runs import RUN_STAGE, stage_runs
from warehouse.schema.run_tables import StageRun


@dataclass(frozen=True, slots=True)
class LastRun:
    """The rows of a run in the table `runs`: its own, and those of its stages."""

    run: StageRun
    stages: list[StageRun]

    @property
    def not_done(self) -> list[StageRun]:
        """The stages that failed or are incomplete."""
        return [row for row in self.stages if row.status != "done"]


def read_last_run(home: Home) -> LastRun:
    """Read the run that ended last."""
    ended = stage_runs(home.lake, "stage = ? and ended_at is not null", [RUN_STAGE])
    run = max(ended, key=lambda row: str(row.ended_at))
    return LastRun(run, stage_runs(home.lake, "run_id = ? and stage <> ?", [run.run_id, RUN_STAGE]))


def print_run(
    home: Home, last: LastRun, questions: Sequence[RankingQuery], log: Path | None, *, with_stages: bool
) -> None:
    """Print the findings, what is incomplete, and the paths; `with_stages`, or without questions, first the stages."""
    with_stages = with_stages or not questions
    if with_stages:
        _print_stages(last)
    if questions:
        _print_findings(home, questions)
    if not with_stages:
        notes = [
            row for row in last.stages if row.status == "done" and row.message and row.stage != "publish"
        ]
        _print_list("Notes", [f"{StageName(row.stage, row.lane)}: {row.message}" for row in notes])
        _print_list("Incomplete", [_describe(row) for row in last.not_done])
    print(f"\nReport    {home.report / 'report.html'}")
    print(f"Database  {home.database}")
    if log is not None:
        print(f"Log       {log}")


def print_one_line(last: LastRun) -> None:
    """Print one line of result on standard output, and the stages that are not done on standard error."""
    for row in last.not_done:
        print(_one_line(_describe(row)), file=sys.stderr)
    counts = f"{last.run.items or 0:,} posts, {len(last.stages) - len(last.not_done)} of {len(last.stages)} stages done"
    print(f"Run {last.run.run_id}: {last.run.status}, {counts}")


def _print_stages(last: LastRun) -> None:
    print(f"\nRun {last.run.run_id}: {last.run.status}")
    for row in last.stages:
        failures = f", {row.failures} failed" if row.failures else ""
        line = f"  {StageName(row.stage, row.lane)!s:<24} {row.status:<11} {row.items or 0:>8,}{failures}"
        message = describe_checks(row.counts) if row.stage == "publish" else row.message
        print(f"{line}  {_one_line(message)}" if message else line)


def _print_findings(home: Home, questions: Sequence[RankingQuery]) -> None:
    from tasks.report.findings import findings

    _print_list("Findings", [one.sentence for one in findings(home, questions)])


def _print_list(title: str, sentences: Sequence[str]) -> None:
    if sentences:
        print(f"\n{title}:")
        for sentence in sentences:
            print(wrap(_one_line(sentence)))


def _describe(row: StageRun) -> str:
    return f"{StageName(row.stage, row.lane)}: {row.status}. {row.message or ''}".strip()


def _one_line(text: str) -> str:
    return printable(text.replace("\n", " "))
