"""Show what ran, what is fresh, what is pending, what failed and why."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from flows.forecasting.status_rows import TITLE, forecast_status
from flows.options import with_config
from flows.output import show
from flows.settings import read_settings
from flows.spending import monthly_spending
from tasks.fetch.retry_schedule import RETRY_SCHEDULES
from warehouse.errors import NotPublished
from warehouse.overview.status import read_status
from warehouse.records.pending import count_to_fetch
from warehouse.upkeep.room import read_room


@click.command(help=__doc__)
@with_config
def status(config: Path) -> int:
    settings = read_settings(config, sources=False)
    home = settings.home
    if home.store is None and not home.lake_folder.exists():
        raise NotPublished(f"Nothing has run in {home.folder} yet. Run `likelens run` first.")
    home.lake.create()  # adds the tables of a newer likelens
    for title, frame in read_status(home.lake).items():
        show(frame, title=title)
    models = forecast_status(settings)
    if models.height:
        show(models, title=TITLE)
    spending = monthly_spending(settings)
    if spending.height:
        show(spending, title="Money: pictures sent this month (UTC), a picture once for each model")
    show(
        read_room(home),
        title="Room on the disk"
        if home.store is None
        else f"Room: pictures in {home.location}, the rest on this disk",
    )
    print(
        f"{count_to_fetch(home.lake, RETRY_SCHEDULES, datetime.now(UTC)):,} pictures are pending for the next fetch."
    )
    return 0
