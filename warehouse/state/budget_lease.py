"""One machine at a time sends pictures for money: a lease in the store, as the lock of the budget is on one machine.

Each holder writes the next object of `state/budget/`, which only one machine can create, and writes it again every
minute while it holds the lease. The lease is free if the last object says so, or was last written long ago: its machine
was killed or has no network, and without it no response can be stored either.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from warehouse.errors import HomeBusy, WarehouseError

if TYPE_CHECKING:
    from warehouse.object_store.client import ObjectStore, StoredObject

logger = logging.getLogger(__name__)

FOLDER = "state/budget"
RENEW_SECONDS = 60.0
ABANDONED_AFTER = timedelta(minutes=15)
"""More than the clocks of machine and store may differ, and than a store may be out of reach in a run."""
POLL_SECONDS = 1.0
_HELD, _FREE = b"held", b"free"


@contextmanager
def hold_budget(store: ObjectStore, wait_seconds: float) -> Iterator[None]:
    """Hold the lease for the time of the block. Raises `HomeBusy` after `wait_seconds`."""
    name = _acquire(store, time.monotonic() + wait_seconds)
    ended = threading.Event()
    renewing = threading.Thread(target=_renew, args=(store, name, ended.wait), name="budget", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        ended.set()
        renewing.join()
        store.put(name, _FREE)


def _acquire(store: ObjectStore, until: float) -> str:
    while True:
        holders = list(store.list(FOLDER))
        last = holders[-1] if holders else None
        if last is None or _is_free(store, last):
            name = f"{FOLDER}/{_number(last) + 1:012d}"
            with contextlib.suppress(FileExistsError):  # another machine was faster
                store.put(name, _HELD, if_absent=True)
                store.delete([one.name for one in holders])
                return name
        if time.monotonic() > until:
            raise HomeBusy(
                f"Another machine sends pictures for money now ({store.url}/{FOLDER}). Wait until it has ended; one that"
                f" was killed counts as ended after {ABANDONED_AFTER.total_seconds() / 60:.0f} minutes."
            )
        time.sleep(POLL_SECONDS)


def _is_free(store: ObjectStore, holder: StoredObject) -> bool:
    if datetime.now(UTC) - holder.modified > ABANDONED_AFTER:
        return True
    try:
        return store.get(holder.name) == _FREE
    except FileNotFoundError:
        return False  # the next holder has just removed it


def _number(last: StoredObject | None) -> int:
    return 0 if last is None else int(last.name.rpartition("/")[2])


def _renew(store: ObjectStore, name: str, wait: Callable[[float], bool]) -> None:
    while not wait(RENEW_SECONDS):
        try:
            store.put(name, _HELD)
        except WarehouseError as error:
            logger.warning("The lease of the budget could not be renewed: %s", error)
