"""A Ray cluster, opened by Prefect's `RayTaskRunner`.

Items are submitted as plain functions, not as Prefect tasks: see docs/decisions.md.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

import ray
from prefect_ray import RayTaskRunner
from ray.exceptions import NodeDiedError, ObjectLostError, OutOfMemoryError, RayError, WorkerCrashedError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from tasks.cluster.options import ClusterOptions
from tasks.cluster.protocol import Cluster, WorkerDied
from tasks.errors import ClusterUnavailable

Result = TypeVar("Result")

RETRIES = 1
"""Two workers may die with a piece of work before it is looked at by itself; Ray's default is four."""
_DEATHS = (WorkerCrashedError, NodeDiedError, OutOfMemoryError, ObjectLostError)


class RayCluster:
    """A connection to a Ray cluster. Its workers are nodes; each starts as many processes as it has room for."""

    def __init__(self, options: ClusterOptions) -> None:
        self.options = options
        self._needs = {"num_cpus": options.cpus, "num_gpus": options.gpus, "max_retries": RETRIES}
        self._functions: dict[Any, Any] = {}
        self._running: dict[Future[Any], Any] = {}

    def workers(self) -> list[str]:
        """The nodes with room for a piece of work."""
        return [node["NodeID"] for node in self._nodes() if self._fits(node) > 0]

    def slots(self) -> int:
        """How many pieces of work have room on all nodes."""
        return sum(self._fits(node) for node in self._nodes())

    def submit(
        self, function: Callable[..., Result], *arguments: Any, worker: str | None = None
    ) -> Future[Result]:
        """Run a function on any node, or on the one of that id."""
        if function not in self._functions:
            self._functions[function] = ray.remote(function)
        options: dict[str, Any] = dict(self._needs)
        if worker is not None:
            options["scheduling_strategy"] = NodeAffinitySchedulingStrategy(worker, soft=False)
        reference = self._functions[function].options(**options).remote(*arguments)
        future: Future[Result] = Future()
        future.set_running_or_notify_cancel()
        self._running[future] = reference

        def finish(done: Future[Any]) -> None:
            self._running.pop(future, None)
            if not future.done():
                _copy_result(done, future)

        reference.future().add_done_callback(finish)
        return future

    def cancel(self, future: Future[Any]) -> None:
        """Forget a piece of work."""
        if (reference := self._running.pop(future, None)) is not None:
            ray.cancel(reference, force=False)

    def _nodes(self) -> list[dict[str, Any]]:
        try:
            return [node for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
        except (RayError, ConnectionError) as error:
            raise ClusterUnavailable(
                f"{self.options.place} does not respond any more ({error}). Start it again, and then run again: what is"
                " done is stored."
            ) from error

    def _fits(self, node: dict[str, Any]) -> int:
        has, needs = node["Resources"], {"CPU": self.options.cpus, "GPU": self.options.gpus}
        return min(int(has.get(name, 0) / count) for name, count in needs.items() if count > 0)


def _copy_result(done: Future[Any], future: Future[Any]) -> None:
    try:
        future.set_result(done.result())
    except _DEATHS as error:
        future.set_exception(WorkerDied(f"workers that died with it: {RETRIES + 1} ({type(error).__name__})"))
    except BaseException as error:  # noqa: BLE001 - whoever waits for the future gets it
        future.set_exception(error)


@contextmanager
def open_ray(options: ClusterOptions) -> Iterator[Cluster]:
    """Connect to a cluster with room for a piece of work, or start one on this machine.

    Raises `ClusterUnavailable`.
    """
    settings: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if not options.address:
        settings |= {"num_cpus": options.workers, "include_dashboard": False}
    runner: RayTaskRunner[Any] = RayTaskRunner(options.address, settings)
    try:
        runner.__enter__()
    except Exception as error:  # Ray raises a plain Exception where its own processes do not start in time
        raise ClusterUnavailable(
            f"{options.place} can't be used ({' '.join(str(error).split())[:300]}). Start it with `ray start --head`, or"
            f" correct address in [{options.table}] of the settings."
        ) from error
    try:
        cluster = RayCluster(options)
        if not cluster.slots():
            raise ClusterUnavailable(
                f"No node of {options.place} has {options.cpus:g} CPU cores and {options.gpus:g} GPUs for a piece of work."
                f" Add a node, or change cpus and gpus in [{options.table}] of the settings."
            )
        yield cluster
    finally:
        runner.__exit__(None, None, None)
