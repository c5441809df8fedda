"""Run every stage now, without a Prefect server."""

from __future__ import annotations

from pathlib import Path

import click

from flows.dry_run import print_estimate
from flows.launch import prepare_run, run_flow
from flows.options import with_config, with_dry_run
from flows.settings import questions
from flows.terminal.output import choose_output, with_output
from flows.terminal.plan import plan_night


@click.command(help=__doc__)
@with_config
@click.option(
    "--full", is_flag=True, help="Read every source until its last page, as a run does once a week."
)
@with_dry_run
@with_output
def run(config: Path, full: bool, dry: bool, quiet: bool, verbose: bool) -> int:
    if dry:
        return print_estimate(config, None)
    output = choose_output(quiet=quiet, verbose=verbose)
    settings = prepare_run(config)

    def flow() -> object:
        from flows.nightly import nightly

        return nightly(str(config), full, return_state=True)

    return run_flow(settings, plan_night(settings), output, flow, questions(settings))
