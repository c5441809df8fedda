"""The home folder: its path, its disk, its tables, its lock, and the clock that dates what it stores."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from flows.docs_pages import CLOCK, DAMAGE, DISK, HOME
from flows.preflight.findings import Finding
from warehouse.errors import DiskFull, LakeDamaged, WarehouseError
from warehouse.home import Home
from warehouse.records.runs import stage_runs

CLOCK_TOLERANCE = timedelta(minutes=10)
"""Clocks of two machines that share a home folder differ by less."""


def check_home(home: Home) -> Iterator[Finding]:
    """Prepare the folder as a run does. A run that works in it now is no mistake: the next one waits."""
    try:
        home.prepare()
        later = _later_run(home)
    except WarehouseError as error:
        page = DISK if isinstance(error, DiskFull) else DAMAGE if isinstance(error, LakeDamaged) else HOME
        yield Finding(False, str(error), page)
        return
    yield Finding(True, f"home {home.folder}, {shutil.disk_usage(home.folder).free / 1e9:,.1f} GB free")
    if home.is_held():
        yield Finding(True, f"another run uses {home.folder} now; a new run waits until it ends")
    if later is not None:
        yield Finding(
            False,
            f"The clock of this machine is at {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, but a run in {home.folder} began"
            f" at {later:%Y-%m-%d %H:%M} UTC, which is later. Set the clock: what a run observes is dated by it",
            CLOCK,
        )


def _later_run(home: Home) -> datetime | None:
    """When the last run began, if that is later than now."""
    begun = stage_runs(home.lake, "started_at > ?::timestamptz", [f"{datetime.now(UTC) + CLOCK_TOLERANCE}"])
    return max((row.started_at for row in begun), default=None)
