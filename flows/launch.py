"""Start a flow from the command line, show it while it lasts, and print how it ended."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from flows.environment import has_server, prepare
from flows.preflight.server import require_server
from flows.printable import printable_lines
from flows.run_summary import print_one_line, print_run, read_last_run
from flows.settings import Settings, read_settings
from flows.terminal.output import Output
from flows.terminal.watching import watch_run
from tasks.stage_events import StageName
from warehouse.ranking.ranking_query import RankingQuery

DONE, FAILED, INCOMPLETE = 0, 1, 3

_STARTING = "Starting Prefect (about 10 s; longer the first time) …"


def prepare_run(config: Path) -> Settings:
    """Read the settings, and prepare the home folder and the environment. Call it before importing a flow."""
    settings = read_settings(config)
    prepare(settings.home.folder)
    settings.home.prepare()
    require_server()
    return settings


def run_flow(
    settings: Settings,
    stages: Sequence[StageName],
    output: Output,
    flow: Callable[[], object],
    questions: Sequence[RankingQuery] = (),
) -> int:
    """Run a flow, show it, and print its result with the findings of the questions; return the exit status.

    `flow` imports the flow and returns its final state. `stages` are those that the view expects.
    """
    starts_server = not has_server()
    with watch_run(settings.home, stages, output, _STARTING if starts_server else "") as log:
        if starts_server:
            from flows.ephemeral_server import bind_server_to_this_process

            bind_server_to_this_process()
        state = flow()
    return _print_end(settings, state, output, log, questions)


def _print_end(
    settings: Settings, state: object, output: Output, log: Path | None, questions: Sequence[RankingQuery]
) -> int:
    from prefect.client.schemas.objects import State

    assert isinstance(state, State)
    if not state.is_completed():
        print(f"\nFailed: {printable_lines(state.message or '')}", file=sys.stderr)
        if log is not None:
            print(f"Log       {log}", file=sys.stderr)
        return FAILED
    run = read_last_run(settings.home)
    if output == "result":
        print_one_line(run)
    else:
        print_run(settings.home, run, questions, log, with_stages=output == "lines")
    return INCOMPLETE if state.name == "Incomplete" else DONE
