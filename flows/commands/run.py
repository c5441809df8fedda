"""`likelens run` and `likelens relabel`: a flow now, with Prefect's own server where none is set."""

from __future__ import annotations

import sys
from pathlib import Path

from flows.environment import has_server, prepare
from flows.ephemeral_server import let_own_server_end_with_us
from flows.settings import Settings, read_settings
from warehouse.runs import WHOLE, stage_runs

DONE, FAILED, WRONG, INCOMPLETE = 0, 1, 2, 3


def run(config: Path, *, full: bool = False) -> int:
    """Run the flow `nightly` and tell how it ended; with `full` every source is read to its end."""
    settings = _ready(config)
    from flows.nightly import nightly

    return told(settings, nightly(str(config), full, return_state=True))


def relabel(config: Path, classifier: str) -> int:
    """Run the flow `relabel` and tell how it ended."""
    settings = _ready(config)
    from flows.nightly import lane_called
    from flows.nightly import relabel as flow

    lane_called(settings, classifier)
    return told(settings, flow(str(config), classifier, return_state=True))


def told(settings: Settings, state: object) -> int:
    """Print a run's summary and return its exit status."""
    from prefect.client.schemas.objects import State

    assert isinstance(state, State)
    if not state.is_completed():
        print(f"\nFailed: {state.message}", file=sys.stderr)
        return FAILED
    _print_stages(settings)
    print(f"Database  {settings.home.database}")
    print(f"Report    {settings.home.report / 'report.html'}")
    return INCOMPLETE if state.name == "Incomplete" else DONE


def _ready(config: Path) -> Settings:
    settings = read_settings(config)
    prepare(settings.home.folder)
    settings.home.prepare()
    if not has_server():
        let_own_server_end_with_us()
        print("Starting Prefect (about 10 s; longer the first time) …", file=sys.stderr, flush=True)
    return settings


def _print_stages(settings: Settings) -> None:
    lake = settings.home.lake
    ended = stage_runs(lake, "stage = ? and ended_at is not null", [WHOLE])
    last = max(ended, key=lambda row: str(row.ended_at))
    print(f"\nRun {last.run_id}: {last.status}")
    for row in stage_runs(lake, "run_id = ? and stage <> 'run'", [last.run_id]):
        name = f"{row.stage} {row.lane}".strip()
        failures = f", {row.failures} failed" if row.failures else ""
        message = f"  {row.message}" if row.message and row.stage != "publish" else ""
        print(f"  {name:<24} {row.status:<11} {row.items or 0:>8,}{failures}{message}")
