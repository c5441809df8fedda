"""The stage fetch: every picture that waits, many at once, and how each went."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path

from tasks.fetch.download import Ask, FetchOptions, downloading
from tasks.fetch.pipeline import Pipeline
from tasks.fetch.processes import downloading_in, processes
from tasks.fetch.reasons import PASSING, Reason
from tasks.fetch.results import Results
from tasks.fetch.retry_schedule import PATIENCE
from tasks.fetch.store import clear_incoming
from warehouse.home import Home
from warehouse.pending import (
    WaitingPicture,
    count_to_fetch,
    link_fetched,
    newest_pictures,
    pauses_asked_for,
    to_fetch,
)
from warehouse.runs import StageResult

logger = logging.getLogger(__name__)

READ_PICTURES = 500
"""How many addresses are read from the lake at once."""
WORTH_PROCESSES = 200
"""Fewer pictures are fetched in the run's own process: those that download take a fifth of a second to start."""
MAX_HOSTS_TOLD = 5
MAX_NAMED = 3
MIN_NEWEST = 3
FAILING_SHARE = 0.9
"""A source is incomplete where so many of its newest pictures failed: those that this run tried for the first
time, and where these are fewer than `MIN_NEWEST`, those before them."""


def fetch_pictures(home: Home, options: FetchOptions, progress: Callable[[int, int], None]) -> StageResult:
    """Fetch what waits; `progress` hears how many are done, of how many. Raises `DiskFull`."""
    lake = home.lake
    linked = link_fetched(lake)  # what a killed run had fetched and not yet linked
    total = count_to_fetch(lake, PATIENCE, now := datetime.now(UTC))
    if linked:
        logger.info("%d pictures were stored already", linked)
    if not total:
        return StageResult("done", 0)

    def tell(done: int) -> None:
        logger.info("%d of %d pictures", done, total)
        progress(done, total)

    pipeline = asyncio.run(_fetch_all(home, options, total, now, tell))
    link_fetched(lake)
    failing = _failing_sources(home, now) if pipeline.failures else []
    return _ended(pipeline, failing)


async def _fetch_all(
    home: Home, options: FetchOptions, total: int, now: datetime, progress: Callable[[int], None]
) -> Pipeline:
    clear_incoming(home.folder)
    results = Results(home.lake, progress)
    try:
        async with _downloading(home.folder, options, total) as ask:

            def listed() -> Iterator[list[WaitingPicture]]:
                if pipeline.tally:
                    link_fetched(home.lake)  # so that what this run has is not listed again
                yield from to_fetch(home.lake, PATIENCE, now, READ_PICTURES)

            pipeline = Pipeline(ask, options.concurrency, options.per_host, results)
            pipeline.remember(pauses_asked_for(home.lake, Reason.BUSY, now, READ_PICTURES), now)
            await pipeline.run(listed)
    finally:
        clear_incoming(home.folder)
        results.write_now()
    return pipeline


def _downloading(home: Path, options: FetchOptions, total: int) -> AbstractAsyncContextManager[Ask]:
    if total < WORTH_PROCESSES:
        return downloading(home, options)
    return downloading_in(processes(), home, options)


def _failing_sources(home: Home, began: datetime) -> list[str]:
    """A sentence for each source whose newest pictures nearly all failed."""
    sentences = []
    for source, ends in newest_pictures(home.lake, began, MIN_NEWEST).items():
        total, stored = ends.total(), ends.pop("ok", 0)
        if total >= MIN_NEWEST and total - stored >= FAILING_SHARE * total:
            sentences.append(
                f"{source} is incomplete: {total - stored} of its {total} newest pictures failed"
                f" ({_most_common(ends)})."
            )
    return sentences


def _ended(pipeline: Pipeline, failing: list[str]) -> StageResult:
    tally, failures, left = pipeline.tally, pipeline.failures, pipeline.left
    told = []
    if failures:
        told.append(
            f"{failures.total()} pictures could not be fetched: {_listed(failures, pipeline.instead)}."
        )
    if left:
        hosts = ", ".join(f"{count} of {host}" for host, count in left.most_common(MAX_HOSTS_TOLD))
        told.append(f"{left.total()} pictures were not asked for, because their hosts want a pause: {hosts}.")
    later = bool(left) or any(reason in PASSING for reason in failures)
    if later:
        told.append("The next run tries again.")
    return StageResult(
        "incomplete" if later or failing else "done",
        tally["ok"],
        failures.total() + left.total(),
        " ".join([*told, *failing[:MAX_HOSTS_TOLD]]),
    )


def _listed(tally: Counter[str], instead: Mapping[str, Counter[str]]) -> str:
    """Such as '3 not_a_picture (2 web page (HTML), 1 PDF document), 1 gone'."""
    parts = []
    for reason, count in tally.most_common():
        kinds = instead.get(reason)
        parts.append(f"{count} {reason}" + (f" ({_most_common(kinds)})" if kinds else ""))
    return ", ".join(parts)


def _most_common(tally: Counter[str]) -> str:
    """Such as '8 not_a_picture, 2 gone, 1 corrupt, 1 other'."""
    parts = [f"{count} {name}" for name, count in tally.most_common(MAX_NAMED)]
    others = tally.total() - sum(count for _, count in tally.most_common(MAX_NAMED))
    return ", ".join([*parts, f"{others} other"] if others else parts)
