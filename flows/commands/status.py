"""`likelens status`: what ran, what is fresh, what waits, what failed and why."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from flows.commands.money import money
from flows.commands.output import show
from flows.settings import read_settings
from tasks.fetch.retry_schedule import PATIENCE
from warehouse.errors import NotPublished
from warehouse.pending import count_to_fetch
from warehouse.status import read_status


def status(config: Path) -> int:
    """Show the state of a home folder. Raises `NotPublished` when nothing ever ran there."""
    settings = read_settings(config)
    home = settings.home
    if not home.lake.folder.exists():
        raise NotPublished(f"Nothing has run in {home.folder} yet. Run `likelens run` first.")
    home.lake.create()  # tables that came with a newer likelens
    for title, frame in read_status(home.lake).items():
        show(frame, title=title)
    spent = money(settings)
    if spent.height:
        show(spent, title="Money: pictures sent this month (UTC), a picture once for each model")
    print(f"{count_to_fetch(home.lake, PATIENCE, datetime.now(UTC)):,} pictures wait to be fetched.")
    return 0
