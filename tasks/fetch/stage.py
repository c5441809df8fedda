"""The stage fetch: all pending pictures, and the stage's result.

    link the posts to the pictures that a killed run stored
    list the pending pictures: those never tried, and those whose retry is due
    fetch them through the pipeline, in this process, in several, or on a cluster; add rows in batches
    link the posts to the new pictures

The stage is incomplete if a retry may help, a host requires a pause, or a source fails.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

from tasks.cluster.opening import ClusterSession
from tasks.cluster.protocol import Cluster
from tasks.fetch.attempt import TRANSIENT, Reason
from tasks.fetch.download import Download, FetchOptions, downloading
from tasks.fetch.host_turns import HostTurns, NoTurns
from tasks.fetch.on_cluster.driver import downloading_on
from tasks.fetch.pipeline import Pipeline
from tasks.fetch.processes import downloading_in, process_count
from tasks.fetch.results import Results
from tasks.fetch.retry_schedule import RETRY_SCHEDULES
from warehouse.home import Home
from warehouse.pictures.files import PictureFiles
from warehouse.records.pending import (
    PictureToFetch,
    count_newest_results,
    count_to_fetch,
    host_delays,
    link_fetched_pictures,
    pictures_to_fetch,
)
from warehouse.records.runs import StageResult

logger = logging.getLogger(__name__)

READ_PICTURES = 500
"""Addresses in one read from the lake."""
MIN_FOR_PROCESSES = 200
"""The run's own process fetches fewer pictures: a download process takes a fifth of a second to start."""
MAX_HOSTS_NAMED = 5
MAX_REASONS_NAMED = 3
MIN_NEWEST = 3
FAILING_SHARE = 0.9
"""A source is incomplete if this share of its newest pictures failed: those that this run tried for the first
time, and if they are fewer than `MIN_NEWEST`, those before them."""


def fetch_pictures(
    home: Home,
    options: FetchOptions,
    progress: Callable[[int, int], None],
    cluster: ClusterSession | None = None,
    turns: HostTurns | None = None,
) -> StageResult:
    """Fetch the pending pictures; `progress` gets the finished and the total number.

    With a `cluster` its workers download, unless there are few pictures. `turns` are the limits of hosts for several
    runs together. Raises `DiskFull` and `ClusterUnavailable`.
    """
    lake, turns = home.lake, turns or NoTurns()
    linked = link_fetched_pictures(lake)  # pictures that a killed run stored
    total = count_to_fetch(lake, RETRY_SCHEDULES, now := datetime.now(UTC))
    if linked:
        logger.info("%d pictures were stored already", linked)
    if not total:
        return StageResult("done", 0)

    def report(done: int) -> None:
        logger.info("%d of %d pictures", done, total)
        progress(done, total)

    workers = cluster.open() if cluster is not None and total >= MIN_FOR_PROCESSES else None
    turns.read_limits()
    pipeline = asyncio.run(_fetch_all(home, options, total, now, report, workers, turns))
    link_fetched_pictures(lake)
    return _result(pipeline, _describe_failing_sources(home, now) if pipeline.failures else [])


async def _fetch_all(
    home: Home,
    options: FetchOptions,
    total: int,
    now: datetime,
    report: Callable[[int], None],
    workers: Cluster | None,
    turns: HostTurns,
) -> Pipeline:
    files = home.picture_files
    files.open_incoming()
    results = Results(home.lake, report)
    try:
        async with _open_downloads(files, options, total, workers) as download:

            def pictures() -> Iterator[list[PictureToFetch]]:
                if pipeline.tally:
                    link_fetched_pictures(home.lake)  # so that the list omits what this run has fetched
                yield from pictures_to_fetch(home.lake, RETRY_SCHEDULES, now, READ_PICTURES)

            pipeline = Pipeline(download, options.concurrency, options.per_host, results, turns)
            pipeline.resume_pauses(host_delays(home.lake, Reason.BUSY, now, READ_PICTURES), now)
            await pipeline.run(pictures)
    finally:
        files.open_incoming()
        results.write_now()
    return pipeline


def _open_downloads(
    files: PictureFiles, options: FetchOptions, total: int, workers: Cluster | None
) -> AbstractAsyncContextManager[Download]:
    if total < MIN_FOR_PROCESSES:
        return downloading(files, options)
    if workers is None:
        return downloading_in(process_count(), files, options)
    return downloading_on(workers, files, options)


def _describe_failing_sources(home: Home, began: datetime) -> list[str]:
    """A sentence for each source whose newest pictures nearly all failed."""
    sentences = []
    for source, results in count_newest_results(home.lake, began, MIN_NEWEST).items():
        total, stored = results.total(), results.pop("ok", 0)
        if total >= MIN_NEWEST and total - stored >= FAILING_SHARE * total:
            sentences.append(
                f"{source} is incomplete: {total - stored} of its {total} newest pictures failed"
                f" ({_describe_counts(results)})."
            )
    return sentences


def _result(pipeline: Pipeline, failing_sources: list[str]) -> StageResult:
    failures, skipped = pipeline.failures, pipeline.skipped
    sentences = []
    if failures:
        reasons = _describe_failures(failures, pipeline.other_files)
        sentences.append(f"{failures.total()} pictures could not be fetched: {reasons}.")
    sentences += _describe_skipped(skipped, pipeline.occupied)
    is_retried = bool(skipped) or any(reason in TRANSIENT for reason in failures)
    if is_retried:
        sentences.append("The next run retries.")
    return StageResult(
        "incomplete" if is_retried or failing_sources else "done",
        pipeline.tally["ok"],
        failures.total() + skipped.total(),
        " ".join([*sentences, *failing_sources[:MAX_HOSTS_NAMED]]),
    )


def _describe_skipped(skipped: Counter[str], occupied: AbstractSet[str]) -> list[str]:
    """A sentence for the hosts that require a pause, and one for those that other runs read."""
    sentences = []
    for is_occupied, why in (
        (False, "their hosts require a pause"),
        (True, "other runs held the limits of their hosts at Prefect's server all the time"),
    ):
        some = Counter({host: count for host, count in skipped.items() if (host in occupied) == is_occupied})
        if some:
            hosts = ", ".join(f"{count} of {host}" for host, count in some.most_common(MAX_HOSTS_NAMED))
            sentences.append(f"{some.total()} pictures were not requested, because {why}: {hosts}.")
    return sentences


def _describe_failures(failures: Counter[str], other_files: Mapping[str, Counter[str]]) -> str:
    """Such as '3 not_a_picture (2 web page (HTML), 1 PDF document), 1 gone'."""
    parts = []
    for reason, count in failures.most_common():
        files = other_files.get(reason)
        parts.append(f"{count} {reason}" + (f" ({_describe_counts(files)})" if files else ""))
    return ", ".join(parts)


def _describe_counts(counts: Counter[str]) -> str:
    """Such as '8 not_a_picture, 2 gone, 1 corrupt, 1 other'."""
    parts = [f"{count} {name}" for name, count in counts.most_common(MAX_REASONS_NAMED)]
    others = counts.total() - sum(count for _, count in counts.most_common(MAX_REASONS_NAMED))
    return ", ".join([*parts, f"{others} other"] if others else parts)
