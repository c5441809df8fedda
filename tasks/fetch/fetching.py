"""The stage fetch: every picture that waits, many at once, in batches that are stored one by one."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tasks.fetch.addresses import Doors
from tasks.fetch.download import Attempt, Limits, attempt
from tasks.fetch.reasons import PASSING, PATIENCE
from tasks.fetch.store import PictureStore
from tasks.pauses import asked_pause_seconds, pause_seconds
from warehouse.home import Home
from warehouse.lake import Lake
from warehouse.runs import Ended
from warehouse.waiting import count_to_fetch, link_fetched, to_fetch

logger = logging.getLogger(__name__)

BATCH_PICTURES = 256
TRIES = 3
"""Tries of one picture within a run, where the trouble may pass."""
LONGEST_PAUSE_SECONDS = 60.0
"""A host that asks for a longer pause is asked again in the next run."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How pictures are fetched: how many at once, which private hosts are allowed, and what one may cost.

    `folders`: a picture that is a file on this machine is taken from these only.
    """

    concurrency: int = 32
    allow_private_hosts: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)
    folders: tuple[Path, ...] = ()


def fetch_pictures(home: Home, manner: Manner, progress: Callable[[int, int], None]) -> Ended:
    """Fetch what waits; `progress` hears how many are done, of how many. Raises `DiskFull`."""
    lake = home.lake
    linked = link_fetched(lake)  # what a killed run had fetched and not yet linked
    total = count_to_fetch(lake, PATIENCE, now := datetime.now(UTC))
    if linked:
        logger.info("%d pictures were stored already", linked)
    tally = asyncio.run(_fetch_all(home, manner, now, total, progress)) if total else Counter()
    link_fetched(lake)
    return _ended(tally)


async def _fetch_all(
    home: Home, manner: Manner, now: datetime, total: int, progress: Callable[[int, int], None]
) -> Counter[str]:
    store, tally, done = PictureStore(home.folder), Counter[str](), 0
    store.clear_incoming()
    async with Doors(manner.concurrency, manner.allow_private_hosts, manner.limits.timeout()) as doors:
        for urls in to_fetch(home.lake, PATIENCE, now, BATCH_PICTURES):
            attempts = await _fetch_batch(urls, doors, store, manner)
            _store(home.lake, attempts)
            done += len(urls)
            batch = Counter(tries[-1].fetch.reason or "ok" for tries in attempts)
            tally += batch
            logger.info("%d of %d pictures: %s", done, total, _told(batch))
            progress(done, total)
    return tally


async def _fetch_batch(
    urls: list[str], doors: Doors, store: PictureStore, manner: Manner
) -> list[list[Attempt]]:
    places = asyncio.Semaphore(manner.concurrency)

    async def one(url: str) -> list[Attempt]:
        async with places:
            return await _with_retries(url, doors, store, manner)

    running = [asyncio.ensure_future(one(url)) for url in urls]
    try:
        return await asyncio.gather(*running)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _with_retries(url: str, doors: Doors, store: PictureStore, manner: Manner) -> list[Attempt]:
    tries: list[Attempt] = []
    while True:
        tries.append(await attempt(url, doors, store, manner.limits, manner.folders))
        if tries[-1].fetch.reason not in PASSING or len(tries) == TRIES:
            return tries
        asked = asked_pause_seconds(tries[-1].retry_after, datetime.now(UTC))
        pause = max(asked or 0.0, pause_seconds(len(tries) - 1, random.random()))
        if pause > LONGEST_PAUSE_SECONDS:
            return tries
        await asyncio.sleep(pause)


def _store(lake: Lake, attempts: list[list[Attempt]]) -> None:
    # Pictures before fetches: a fetch that is known to have gone well is never made again.
    lake.append([picture for tries in attempts for one in tries if (picture := one.picture) is not None])
    lake.append([one.fetch for tries in attempts for one in tries])


def _ended(tally: Counter[str]) -> Ended:
    failures = Counter({reason: count for reason, count in tally.items() if reason != "ok"})
    if not failures:
        return Ended("done", tally.total())
    passing = any(reason in PASSING for reason in failures)
    later = " The next run tries again." if passing else ""
    return Ended(
        "incomplete" if passing else "done",
        tally["ok"],
        failures.total(),
        f"{failures.total()} pictures could not be fetched: {_told(failures)}.{later}",
    )


def _told(tally: Counter[str]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in tally.most_common())
