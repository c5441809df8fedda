"""Copy the tables of a home in an object store to this machine, for rank, sql and report."""

from __future__ import annotations

from pathlib import Path

import click

from flows.errors import SettingsError
from flows.options import with_config
from flows.settings import read_settings
from tasks.pull import pull_home


@click.command(help=__doc__)
@with_config
def pull(config: Path) -> int:
    settings = read_settings(config, sources=False)
    home = settings.home
    if home.store is None:
        raise SettingsError(
            f"home in {settings.file} is the folder {home.folder}, which needs no copy. `likelens pull` is for a home in an"
            ' object store, such as home = "s3://BUCKET/likelens".'
        )
    pulled = pull_home(home)
    print(
        f"Copied {pulled.files:,} files of {home.store.url} ({pulled.bytes / 1e6:,.1f} MB) to {home.folder}."
    )
    print(f"Database  {home.database}")
    return 0
