"""The task fetch: all pending pictures."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from prefect import task
from prefect.client.schemas.objects import State

from tasks.cluster.opening import ClusterSession
from tasks.cluster.options import ClusterOptions
from tasks.fetch.download import FetchOptions
from tasks.fetch.stage import fetch_pictures
from tasks.progress import show_progress
from tasks.run import HOUR, STAGE, Run, run_stage
from tasks.slots import HostSlots
from warehouse.records.runs import StageResult


@task(name="fetch", task_run_name="fetch", timeout_seconds=12 * HOUR, **STAGE)
def fetch(run: Run, options: FetchOptions, cluster: ClusterOptions | None = None) -> State[Any]:
    """Fetch the pictures that are not stored yet; with a `cluster` on its workers."""

    def body() -> StageResult:
        with (
            ClusterSession(cluster) if cluster is not None else nullcontext() as session,
            show_progress("fetch pictures") as report,
        ):
            return fetch_pictures(run.home, options, report, session, HostSlots())

    return run_stage(run, "fetch", "", body)
