"""The stage fetch: every picture that waits, many at once, and how each went."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tasks.fetch.addresses import Doors
from tasks.fetch.download import Attempt, Limits, attempt
from tasks.fetch.pipeline import Pipeline
from tasks.fetch.reasons import PASSING, PATIENCE, Reason
from tasks.fetch.results import Results
from tasks.fetch.store import PictureStore
from warehouse.home import Home
from warehouse.runs import Ended
from warehouse.waiting import WaitingPicture, count_to_fetch, link_fetched, pauses_asked_for, to_fetch

logger = logging.getLogger(__name__)

READ_PICTURES = 500
"""How many addresses are read from the lake at once."""
MOST_HOSTS_TOLD = 5


@dataclass(frozen=True, slots=True)
class Manner:
    """How pictures are fetched: how many at once, which private hosts are allowed, and what one may cost.

    `folders`: a picture that is a file on this machine is taken from these only. `per_host`: how many at
    once from one host.
    """

    concurrency: int = 32
    allow_private_hosts: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)
    folders: tuple[Path, ...] = ()
    per_host: int = 32


def fetch_pictures(home: Home, manner: Manner, progress: Callable[[int, int], None]) -> Ended:
    """Fetch what waits; `progress` hears how many are done, of how many. Raises `DiskFull`."""
    lake = home.lake
    linked = link_fetched(lake)  # what a killed run had fetched and not yet linked
    total = count_to_fetch(lake, PATIENCE, now := datetime.now(UTC))
    if linked:
        logger.info("%d pictures were stored already", linked)
    if not total:
        return Ended("done", 0)

    def tell(done: int) -> None:
        logger.info("%d of %d pictures", done, total)
        progress(done, total)

    pipeline = asyncio.run(_fetch_all(home, manner, now, tell))
    link_fetched(lake)
    return _ended(pipeline.tally, pipeline.left)


async def _fetch_all(home: Home, manner: Manner, now: datetime, progress: Callable[[int], None]) -> Pipeline:
    # Names that do not resolve may hold as many threads as there are downloads; the lake needs some too.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(manner.concurrency + 4))
    store, results = PictureStore(home.folder), Results(home.lake, progress)
    store.clear_incoming()
    try:
        async with Doors(manner.concurrency, manner.allow_private_hosts, manner.limits.timeout()) as doors:

            async def ask(url: str) -> Attempt:
                return await attempt(url, doors, store, manner.limits, manner.folders)

            def listed() -> Iterator[list[WaitingPicture]]:
                if pipeline.tally:
                    link_fetched(home.lake)  # so that what this run has is not listed again
                yield from to_fetch(home.lake, PATIENCE, now, READ_PICTURES)

            pipeline = Pipeline(ask, manner.concurrency, manner.per_host, results)
            pipeline.remember(pauses_asked_for(home.lake, Reason.BUSY, now, READ_PICTURES), now)
            await pipeline.run(listed)
    finally:
        store.close()
        store.clear_incoming()
        results.write_now()
    return pipeline


def _ended(tally: Counter[str], left: Counter[str]) -> Ended:
    failures = Counter({reason: count for reason, count in tally.items() if reason != "ok"})
    told = []
    if failures:
        told.append(f"{failures.total()} pictures could not be fetched: {_told(failures)}.")
    if left:
        hosts = ", ".join(f"{count} of {host}" for host, count in left.most_common(MOST_HOSTS_TOLD))
        told.append(f"{left.total()} pictures were not asked for, because their hosts want a pause: {hosts}.")
    later = bool(left) or any(reason in PASSING for reason in failures)
    if later:
        told.append("The next run tries again.")
    return Ended(
        "incomplete" if later else "done", tally["ok"], failures.total() + left.total(), " ".join(told)
    )


def _told(tally: Counter[str]) -> str:
    return ", ".join(f"{count} {reason}" for reason, count in tally.most_common())
