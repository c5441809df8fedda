"""Tidy and check what is stored, make smaller copies of old pictures, and publish."""

from __future__ import annotations

from pathlib import Path

import click

from flows.launch import prepare_run, print_summary
from flows.options import with_config


@click.command(help=__doc__)
@with_config
@click.option(
    "--all-pictures", is_flag=True, help="Compare every picture with its hash, not only a sample of 1,000."
)
def maintain(config: Path, all_pictures: bool) -> int:
    settings = prepare_run(config)
    from flows.maintenance import maintenance

    return print_summary(settings, maintenance(str(config), all_pictures, return_state=True))
