"""Run a new or changed classifier over the stored pictures."""

from __future__ import annotations

from pathlib import Path

import click

from flows.dry_run import print_estimate
from flows.launch import prepare_run, print_summary
from flows.options import with_config, with_dry_run
from flows.settings import find_classifier, read_settings


@click.command(help=__doc__)
@with_config
@click.option("--classifier", required=True, help="Name of the classifier in the settings.")
@with_dry_run
def relabel(config: Path, classifier: str, dry: bool) -> int:
    if dry:
        return print_estimate(config, classifier)
    find_classifier(read_settings(config), classifier)
    settings = prepare_run(config)
    from flows.nightly import relabel as flow

    return print_summary(settings, flow(str(config), classifier, return_state=True))
