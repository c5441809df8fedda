"""Start a flow from the command line, and print how it ended."""

from __future__ import annotations

import sys
from pathlib import Path

from flows.environment import has_server, prepare
from flows.ephemeral_server import bind_server_to_this_process
from flows.preflight.server import require_server
from flows.settings import Settings, read_settings
from warehouse.database.checks import describe_checks
from warehouse.records.runs import RUN_STAGE, stage_runs

DONE, FAILED, INCOMPLETE = 0, 1, 3


def prepare_run(config: Path) -> Settings:
    """Read the settings, and prepare the home folder and Prefect. Call it before importing a flow."""
    settings = read_settings(config)
    prepare(settings.home.folder)
    settings.home.prepare()
    require_server()
    if not has_server():
        bind_server_to_this_process()
        print("Starting Prefect (about 10 s; longer the first time) …", file=sys.stderr, flush=True)
    return settings


def print_summary(settings: Settings, state: object) -> int:
    """Print a run's stages from its final state; return the exit status."""
    from prefect.client.schemas.objects import State

    assert isinstance(state, State)
    if not state.is_completed():
        print(f"\nFailed: {state.message}", file=sys.stderr)
        return FAILED
    _print_stages(settings)
    print(f"Database  {settings.home.database}")
    print(f"Report    {settings.home.report / 'report.html'}")
    return INCOMPLETE if state.name == "Incomplete" else DONE


def _print_stages(settings: Settings) -> None:
    lake = settings.home.lake
    last = max(
        stage_runs(lake, "stage = ? and ended_at is not null", [RUN_STAGE]), key=lambda row: str(row.ended_at)
    )
    print(f"\nRun {last.run_id}: {last.status}")
    for row in stage_runs(lake, "run_id = ? and stage <> 'run'", [last.run_id]):
        name = f"{row.stage} {row.lane}".strip()
        failures = f", {row.failures} failed" if row.failures else ""
        message = describe_checks(row.counts) if row.stage == "publish" else row.message
        line = f"  {name:<24} {row.status:<11} {row.items or 0:>8,}{failures}"
        print(f"{line}  {message}" if message else line)
