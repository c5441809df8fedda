"""A Dask cluster, opened by Prefect's `DaskTaskRunner`.

Items are submitted to the runner's client as plain functions, not as Prefect tasks: see docs/decisions.md.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import uuid4

import dask
import distributed
from distributed.scheduler import KilledWorker
from prefect_dask.task_runners import DaskTaskRunner

from tasks.cluster.options import ClusterOptions
from tasks.cluster.protocol import Cluster, WorkerDied
from tasks.errors import ClusterUnavailable

Result = TypeVar("Result")

CONNECT_SECONDS = 20.0
WORKER_SECONDS = 60.0
"""How long the first worker of a cluster may take to appear."""
THREADS = 2
"""Of a worker on this machine: while the model works for one item, the other one's pictures are decoded."""
_LOCAL_CONFIG = {
    # An item whose worker died is tried again alone at once; Dask itself would let three more workers die with it.
    "distributed.scheduler.allowed-failures": 0,
    # A worker's model may need more than its share of the machine; Dask would stop it there.
    "distributed.worker.memory.terminate": False,
    "distributed.worker.memory.pause": False,
}


class DaskCluster:
    """An open connection to a scheduler."""

    def __init__(self, options: ClusterOptions, client: distributed.Client) -> None:
        self.options = options
        self._client = client
        self._running: dict[Future[Any], distributed.Future[Any]] = {}

    def workers(self) -> list[str]:
        """The addresses of the worker processes."""
        error: object = f"the connection is {self._client.status}"
        try:
            if self._client.status == "running":
                # Not `scheduler_info`: its cache, which a timer overwrites without workers, may come in between.
                return list(self._client.nthreads())  # type: ignore[no-untyped-call]
        except (OSError, TimeoutError) as problem:
            error = problem
        raise ClusterUnavailable(
            f"The scheduler of {self.options.place} does not respond any more ({error}). Start it again, and then"
            " run again: what is done is stored."
        )

    def slots(self) -> int:
        """The number of worker processes."""
        return len(self.workers())

    def submit(
        self, function: Callable[..., Result], *arguments: Any, worker: str | None = None
    ) -> Future[Result]:
        """Run a function on any worker, or on the one at that address."""
        key = f"{function.__name__}-{uuid4().hex}"
        only = None if worker is None else [worker]
        work = self._client.submit(function, *arguments, key=key, workers=only, pure=False)
        future: Future[Result] = Future()
        future.set_running_or_notify_cancel()
        self._running[future] = work

        def finish(done: distributed.Future[Any]) -> None:
            # The result may be on a worker that has died, and never come: until it is here, `cancel` must find the work,
            # because Dask has one thread for all callbacks.
            if not future.done():
                _copy_result(done, future)
            self._running.pop(future, None)
            done.release()  # type: ignore[no-untyped-call]

        work.add_done_callback(finish)  # type: ignore[no-untyped-call]
        return future

    def cancel(self, future: Future[Any]) -> None:
        """Forget a piece of work."""
        if (work := self._running.pop(future, None)) is not None:
            work.cancel(force=True)  # type: ignore[no-untyped-call]


def _copy_result(done: distributed.Future[Any], future: Future[Any]) -> None:
    try:
        future.set_result(done.result())
    except KilledWorker as error:
        future.set_exception(WorkerDied(f"workers that died with it: {error.allowed_failures + 1}"))
    except distributed.client.FutureCancelledError as error:
        future.set_exception(WorkerDied(f"the scheduler lost it: {error}"))
    except BaseException as error:  # noqa: BLE001 - whoever waits for the future gets it
        future.set_exception(error)


@contextmanager
def open_dask(options: ClusterOptions) -> Iterator[Cluster]:
    """Connect to a scheduler with at least one worker, or start one on this machine.

    Raises `ClusterUnavailable`.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # it reports each connection and each worker
    client_options = {"timeout": CONNECT_SECONDS, "set_as_default": False}
    if options.address:
        runner = DaskTaskRunner(address=options.address, client_kwargs=client_options)
    else:
        local = {
            "n_workers": options.workers,
            "threads_per_worker": THREADS,
            "dashboard_address": "127.0.0.1:0",
        }
        # A worker that dies while it starts is not started again by Dask itself.
        numbers = {"minimum": options.workers, "maximum": options.workers}
        runner = DaskTaskRunner(cluster_kwargs=local, adapt_kwargs=numbers, client_kwargs=client_options)
    with dask.config.set(_LOCAL_CONFIG if not options.address else {}), runner:
        try:
            client = runner.client
        except (OSError, TimeoutError, ValueError) as error:
            raise _unreachable(options, error) from error
        _require_worker(options, client)
        yield DaskCluster(options, client)


def _require_worker(options: ClusterOptions, client: distributed.Client) -> None:
    wanted = 1 if options.address else options.workers
    try:
        client.wait_for_workers(wanted, timeout=WORKER_SECONDS)
    except TimeoutError as error:
        raise ClusterUnavailable(
            f"{options.place} has no worker after {WORKER_SECONDS:.0f} seconds. Start one with: dask worker"
            f" {options.address or 'ADDRESS'}"
        ) from error


def _unreachable(options: ClusterOptions, error: Exception) -> ClusterUnavailable:
    text = " ".join(str(error).split())
    if not options.address:
        return ClusterUnavailable(f"Dask can't start workers on this machine: {text}")
    return ClusterUnavailable(
        f"No Dask scheduler responds at {options.address} ({text}). Start it with `dask scheduler`, or correct address in"
        f" [{options.table}] of the settings."
    )
