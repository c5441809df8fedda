"""Slots of Prefect's global concurrency limits, shared by all runs at one server.

A limit exists only where a person created it: `prefect gcl create likelens-host-example.org --limit 1`. Without one
nothing waits. The server takes the slots of a killed run back after `LEASE_SECONDS`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from prefect.client.orchestration import get_client
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectNotFound

from tasks.errors import OutOfTime, RunStopped

logger = logging.getLogger(__name__)

LEASE_SECONDS = 120.0
"""A run renews its slots after three quarters of this time; Prefect accepts 60 and more."""
POLL_SECONDS = 3.0
MAX_WAIT_SECONDS = 12 * 3600.0
_LOCKED = 423
"""The status of the server's response when no slot is free."""


def host_limit(host: str) -> str | None:
    """The name of the limit of a host, such as `likelens-host-example.org`; None for a path on this machine."""
    return f"likelens-host-{host.lower()}" if host and "/" not in host else None


def gpu_limits(machine: str) -> list[str]:
    """The names of the limits of GPUs: of all machines together, and of one machine."""
    return ["likelens-gpu", f"likelens-gpu-{machine.lower()}"]


@contextmanager
def hold_slots(names: Sequence[str], is_halted: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Hold a slot of each limit that exists; wait until one is free in all of them.

    Raises `OutOfTime` after `MAX_WAIT_SECONDS`, and `RunStopped` when the run is halted meanwhile.
    """
    existing = _find_limits(names) if names else []
    with ExitStack() as held:
        if existing:
            _acquire(existing, held, is_halted)
        yield


def _find_limits(names: Sequence[str]) -> list[str]:
    existing = []
    try:
        with get_client(sync_client=True) as client:
            for name in names:
                try:
                    client.read_global_concurrency_limit_by_name(name)
                except ObjectNotFound:
                    continue
                existing.append(name)
    except Exception as error:  # noqa: BLE001 - no work fails because the server is busy
        logger.warning(
            "Prefect's server does not show its limits %s (%s: %s). The run goes on without them.",
            ", ".join(names),
            type(error).__name__,
            error,
        )
        return []
    return existing


def _acquire(names: list[str], held: ExitStack, is_halted: Callable[[], bool]) -> None:
    # Prefect's own wait is one that neither Ctrl-C nor a halted run ends, so each try returns at once.
    until = time.monotonic() + MAX_WAIT_SECONDS
    is_first = True
    while not _try(names, held):
        if is_first:
            logger.info("Waiting for a free slot of %s", ", ".join(names))
            is_first = False
        if time.monotonic() > until:
            hours = round(MAX_WAIT_SECONDS / 3600)
            raise OutOfTime(
                f"No slot of the limit {', '.join(names)} was free within {hours} hours. `prefect gcl ls` shows what"
                " holds it; the next run tries again."
            )
        if is_halted():
            raise RunStopped("The run was stopped while it waited for other runs.")
        time.sleep(POLL_SECONDS)


def _try(names: list[str], held: ExitStack) -> bool:
    try:
        # A slot that could not be renewed does not end a crawl: what it has read would be lost.
        held.enter_context(
            concurrency(
                names, lease_duration=LEASE_SECONDS, max_retries=0, raise_on_lease_renewal_failure=False
            )
        )
    except ConcurrencySlotAcquisitionError as error:
        if getattr(getattr(error.__cause__, "response", None), "status_code", None) == _LOCKED:
            return False
        logger.warning("%s. The run goes on without a slot.", error)
    return True
