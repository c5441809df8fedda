"""The home folder: its path, its disk, its tables, its lock, and the clock that dates what it stores."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from flows.docs_pages import CLOCK, DAMAGE, DISK, HOME, STORE
from flows.preflight.findings import Finding
from warehouse.errors import BadStore, DiskFull, LakeDamaged, StoreUnavailable, WarehouseError
from warehouse.home import Home
from warehouse.records.runs import runs_elsewhere, stage_runs

CLOCK_TOLERANCE = timedelta(minutes=10)
"""Clocks of two machines that share a home folder differ by less."""
STORE_SECONDS = 15.0
"""How long a check waits for an object store that does not respond. A run waits for minutes; here a person waits."""

_PAGES = {DiskFull: DISK, LakeDamaged: DAMAGE, BadStore: STORE, StoreUnavailable: STORE}


def check_home(home: Home) -> Iterator[Finding]:
    """Prepare the folder as a run does. A run that works in it now is no mistake: the next one waits."""
    if home.store is not None:
        home = replace(home, store=replace(home.store, retry_seconds=STORE_SECONDS))
    try:
        home.prepare()
        later = _later_run(home)
    except WarehouseError as error:
        page = _PAGES.get(type(error), HOME)
        yield Finding(False, str(error), page)
        return
    if home.store is not None:
        yield Finding(
            True, f"home {home.store.url}: reads, writes, refuses a second writer, has this machine's clock"
        )
        if running := runs_elsewhere(home.lake, home.own_runs() or ()):
            yield Finding(True, f"run {running[-1].run_id} of another machine is under way, or was cut off")
    name = "home" if home.store is None else "work folder"
    yield Finding(True, f"{name} {home.folder}, {shutil.disk_usage(home.folder).free / 1e9:,.1f} GB free")
    if home.is_held():
        yield Finding(True, f"another run uses {home.folder} now; a new run waits until it ends")
    if later is not None:
        yield Finding(
            False,
            f"The clock of this machine is at {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, but a run in {home.location} began"
            f" at {later:%Y-%m-%d %H:%M} UTC, which is later. Set the clock: what a run observes is dated by it",
            CLOCK,
        )


def _later_run(home: Home) -> datetime | None:
    """When the last run began, if that is later than now."""
    future_runs = stage_runs(
        home.lake, "started_at > ?::timestamptz", [f"{datetime.now(UTC) + CLOCK_TOLERANCE}"]
    )
    return max((row.started_at for row in future_runs), default=None)
