"""Run every stage now, without a Prefect server."""

from __future__ import annotations

from pathlib import Path

import click

from flows.dry_run import print_estimate
from flows.launch import prepare_run, print_summary
from flows.options import with_config, with_dry_run


@click.command(help=__doc__)
@with_config
@click.option(
    "--full", is_flag=True, help="Read every source until its last page, as a run does once a week."
)
@with_dry_run
def run(config: Path, full: bool, dry: bool) -> int:
    if dry:
        return print_estimate(config, None)
    settings = prepare_run(config)
    from flows.nightly import nightly

    return print_summary(settings, nightly(str(config), full, return_state=True))
