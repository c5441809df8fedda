"""Run a new or changed classifier over the stored pictures."""

from __future__ import annotations

from pathlib import Path

import click

from flows.completion import complete_lane
from flows.dry_run import print_estimate
from flows.launch import prepare_run, run_flow
from flows.options import with_config, with_dry_run
from flows.settings import find_classifier, questions, read_settings
from flows.terminal.output import choose_output, with_output
from flows.terminal.plan import PUBLISHING, plan_lanes


@click.command(help=__doc__)
@with_config
@click.option(
    "--classifier",
    required=True,
    shell_complete=complete_lane,
    help="Name of the classifier in the settings.",
)
@with_dry_run
@with_output
def relabel(config: Path, classifier: str, dry: bool, quiet: bool, verbose: bool) -> int:
    if dry:
        return print_estimate(config, classifier)
    output = choose_output(quiet=quiet, verbose=verbose)
    lane = find_classifier(read_settings(config), classifier)
    settings = prepare_run(config)

    def flow() -> object:
        from flows.nightly import relabel as relabel_flow

        return relabel_flow(str(config), classifier, return_state=True)

    shown = [one for one in questions(settings) if one.classifier == classifier]
    return run_flow(settings, [*plan_lanes([lane]), *PUBLISHING], output, flow, shown)
