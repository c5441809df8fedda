"""Calls that stay in one worker process, for work that keeps a state there between them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol

from tasks.cluster.protocol import Cluster

MAX_PROCESSES_PER_NODE = 4
"""Of Ray, whose workers are nodes."""


class PinnedWorker(Protocol):
    """One process of a worker; `name` is the worker's."""

    name: str

    def call(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Run a function in the process. The future raises `WorkerDied` if the process dies, if the engine notices."""
        ...

    def release(self) -> None:
        """Give the process back."""
        ...


class DaskPin:
    """A worker of Dask, which is a process."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.name = name
        self._cluster = cluster

    def call(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Run a function in the process."""
        return self._cluster.submit(function, *arguments, worker=self.name)

    def release(self) -> None:
        """Nothing: the process is Dask's."""


def pin_worker(cluster: Cluster, name: str) -> list[PinnedWorker]:
    """The processes of a worker: one of Dask; of Ray as many on the node as it has room for, within the limit."""
    if cluster.options.runner == "dask":
        return [DaskPin(cluster, name)]
    from tasks.cluster.ray_pin import RayPin

    count = max(1, cluster.slots() // max(1, len(cluster.workers())))
    return [RayPin(cluster.options, name) for _ in range(min(count, MAX_PROCESSES_PER_NODE))]
