"""The stage fetch: every picture that waits, many at once, and how each went."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path

from tasks.fetch.download import Ask, Manner, downloading
from tasks.fetch.patience import PATIENCE
from tasks.fetch.pipeline import Pipeline
from tasks.fetch.processes import downloading_in, processes
from tasks.fetch.reasons import PASSING, Reason
from tasks.fetch.results import Results
from tasks.fetch.store import clear_incoming
from warehouse.home import Home
from warehouse.runs import Ended
from warehouse.waiting import WaitingPicture, count_to_fetch, link_fetched, pauses_asked_for, to_fetch

logger = logging.getLogger(__name__)

READ_PICTURES = 500
"""How many addresses are read from the lake at once."""
WORTH_PROCESSES = 200
"""Fewer pictures are fetched in the run's own process: those that download take a fifth of a second to start."""
MOST_HOSTS_TOLD = 5


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

    pipeline = asyncio.run(_fetch_all(home, manner, total, now, tell))
    link_fetched(lake)
    return _ended(pipeline.tally, pipeline.left)


async def _fetch_all(
    home: Home, manner: Manner, total: int, now: datetime, progress: Callable[[int], None]
) -> Pipeline:
    clear_incoming(home.folder)
    results = Results(home.lake, progress)
    try:
        async with _downloading(home.folder, manner, total) as ask:

            def listed() -> Iterator[list[WaitingPicture]]:
                if pipeline.tally:
                    link_fetched(home.lake)  # so that what this run has is not listed again
                yield from to_fetch(home.lake, PATIENCE, now, READ_PICTURES)

            pipeline = Pipeline(ask, manner.concurrency, manner.per_host, results)
            pipeline.remember(pauses_asked_for(home.lake, Reason.BUSY, now, READ_PICTURES), now)
            await pipeline.run(listed)
    finally:
        clear_incoming(home.folder)
        results.write_now()
    return pipeline


def _downloading(home: Path, manner: Manner, total: int) -> AbstractAsyncContextManager[Ask]:
    if total < WORTH_PROCESSES:
        return downloading(home, manner)
    return downloading_in(processes(), home, manner)


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
