"""Run Prefect's server, its deployments and a worker on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from flows.options import with_config
from flows.serve.run import print_unit, serve_until_stopped
from flows.settings import read_settings


@click.command(help=__doc__)
@with_config
@click.option(
    "--notify",
    metavar="URL",
    envvar="LIKELENS_NOTIFY_URL",
    help="POST a message to this address when a run fails or a source is quiet. Also LIKELENS_NOTIFY_URL.",
)
@click.option("--unit", is_flag=True, help="Only print a unit file for systemd.")
def serve(config: Path, notify: str | None, unit: bool) -> int:
    settings = read_settings(config)
    if unit:
        return print_unit(config)
    return serve_until_stopped(settings, notify)
