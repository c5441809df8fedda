"""Slots of Prefect's global concurrency limits, shared by all runs at one server.

A limit exists only where a person created it: `prefect gcl create likelens-host-example.org --limit 1`. Without one
nothing waits. The server takes the slots of a killed run back after `LEASE_SECONDS`. `hold_slots` is for a stage or a
source; `HostSlots` is for the many hosts that one stage fetches from.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    ExitStack,
    asynccontextmanager,
    contextmanager,
)

from prefect.client.orchestration import get_client
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.concurrency.asyncio import concurrency as async_concurrency
from prefect.concurrency.sync import concurrency
from prefect.exceptions import ObjectNotFound

from tasks.errors import OutOfTime, RunStopped

logger = logging.getLogger(__name__)

LEASE_SECONDS = 120.0
"""A run renews its slots after three quarters of this time; Prefect accepts 60 and more."""
POLL_SECONDS = 3.0
MAX_WAIT_SECONDS = 12 * 3600.0
MAX_HOST_WAIT_SECONDS = 6 * 3600.0
"""How long pictures of one host wait; the time limit of the stage fetch is twice that."""
_HOST_PREFIX = "likelens-host-"
_LIMITS_READ = 200
"""Limits in one response of the server, its maximum."""
_LOCKED = 423
"""The status of the server's response when no slot is free."""


def host_limit(host: str) -> str | None:
    """The name of the limit of a host, such as `likelens-host-example.org`; None for a path on this machine."""
    return f"{_HOST_PREFIX}{host.lower()}" if host and "/" not in host else None


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
        return _goes_on_without(error)
    return True


def _goes_on_without(error: ConcurrencySlotAcquisitionError) -> bool:
    """Whether a slot is unavailable for another reason than that all are held."""
    if getattr(getattr(error.__cause__, "response", None), "status_code", None) == _LOCKED:
        return False
    logger.warning("%s. The run goes on without a slot.", error)
    return True


class HostSlots:
    """Slots of the hosts that one stage fetches from. The server is read once, however many hosts there are."""

    def __init__(self) -> None:
        self._existing: frozenset[str] = frozenset()

    def read_limits(self) -> None:
        """Find out which hosts have a limit. A server that does not respond is a warning, and no host has one."""
        try:
            with get_client(sync_client=True) as client:
                names: list[str] = []
                while page := client.read_global_concurrency_limits(_LIMITS_READ, len(names)):
                    names += [limit.name for limit in page]
                    if len(page) < _LIMITS_READ:
                        break
        except Exception as error:  # noqa: BLE001 - no work fails because the server is busy
            logger.warning(
                "Prefect's server does not show its limits (%s: %s). Pictures are fetched without them.",
                type(error).__name__,
                error,
            )
            return
        self._existing = frozenset(name for name in names if name.startswith(_HOST_PREFIX))

    def hold(self, host: str) -> AbstractAsyncContextManager[bool] | None:
        """Hold a slot of a host's limit for the time of the block, or None if the host has no limit.

        The block gets False, and holds nothing, if no slot was free within `MAX_HOST_WAIT_SECONDS`.
        """
        name = host_limit(host)
        return _hold_slot(name) if name in self._existing else None


@asynccontextmanager
async def _hold_slot(name: str | None) -> AsyncIterator[bool]:
    held = AsyncExitStack()
    try:
        yield name is not None and await _wait_for_slot(name, held)
    finally:
        try:
            await held.aclose()
        except Exception as error:  # noqa: BLE001 - the pictures are here; the slot's lease ends by itself
            logger.warning("The slot of %s could not be released (%s: %s)", name, type(error).__name__, error)


async def _wait_for_slot(name: str, held: AsyncExitStack) -> bool:
    until = time.monotonic() + MAX_HOST_WAIT_SECONDS
    is_first = True
    while True:
        try:
            await held.enter_async_context(
                async_concurrency(
                    name, lease_duration=LEASE_SECONDS, max_retries=0, raise_on_lease_renewal_failure=False
                )
            )
        except ConcurrencySlotAcquisitionError as error:
            if _goes_on_without(error):
                return True
        else:
            return True
        if is_first:
            logger.info("Waiting for a free slot of %s", name)
            is_first = False
        if time.monotonic() > until:
            return False
        await asyncio.sleep(POLL_SECONDS)
