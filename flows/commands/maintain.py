"""Tidy and check what is stored, make smaller copies of old pictures, and publish."""

from __future__ import annotations

from pathlib import Path

import click

from flows.launch import prepare_run, run_flow
from flows.options import with_config
from flows.terminal.output import choose_output, with_output
from flows.terminal.plan import PUBLISHING
from tasks.stage_events import StageName


@click.command(help=__doc__)
@with_config
@click.option(
    "--all-pictures", is_flag=True, help="Compare every picture with its hash, not only a sample of 1,000."
)
@with_output
def maintain(config: Path, all_pictures: bool, quiet: bool, verbose: bool) -> int:
    output = choose_output(quiet=quiet, verbose=verbose)
    settings = prepare_run(config)

    def flow() -> object:
        from flows.maintenance import maintenance

        return maintenance(str(config), all_pictures, return_state=True)

    return run_flow(settings, [StageName("maintain"), *PUBLISHING], output, flow)
