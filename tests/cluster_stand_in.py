"""A cluster in threads of this process, for tests of the driver: its workers answer at once, and die on demand."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from tasks.cluster.options import ClusterOptions
from tasks.cluster.protocol import WorkerDied


class Death(BaseException):
    """Raised by a function of the tests: the worker process ended."""


class StandInCluster:
    """Two workers. `bystanders` of a death die too, as what is queued on a worker of Dask does.

    `most` is the largest number of pieces of work that were under way.
    """

    def __init__(self, *, bystanders: bool = False) -> None:
        self.options = ClusterOptions("dask", "tcp://stand-in:8786")
        self.names = ["one", "two"]
        self.most = 0
        self.deaths = 0
        self._bystanders = bystanders
        self._under_way: set[Future[Any]] = set()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(2)

    def workers(self) -> list[str]:
        return list(self.names)

    def slots(self) -> int:
        return len(self.names)

    def submit(self, function: Callable[..., Any], *arguments: Any, worker: str | None = None) -> Future[Any]:
        future: Future[Any] = Future()
        with self._lock:
            self._under_way.add(future)
            self.most = max(self.most, len(self._under_way))
        self._pool.submit(self._run, future, function, arguments)
        return future

    def cancel(self, future: Future[Any]) -> None:
        with self._lock:
            self._under_way.discard(future)

    def _run(self, future: Future[Any], function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        try:
            result = function(*arguments)
        except Death:
            self._die(future)
        except Exception as error:  # noqa: BLE001 - who waits for the future gets it
            problem = error
            self._end(future, lambda: future.set_exception(problem))
        else:
            self._end(future, lambda: future.set_result(result))

    def _end(self, future: Future[Any], end: Callable[[], None]) -> None:
        with self._lock:
            self._under_way.discard(future)
            if not future.done():
                end()

    def _die(self, future: Future[Any]) -> None:
        with self._lock:
            self.deaths += 1
            for one in [future, *(self._under_way if self._bystanders else ())]:
                if not one.done():
                    one.set_exception(WorkerDied("workers that died with it: 2"))
            self._under_way.clear()


class StandInSession:
    """Gives a lane that cluster, as `ClusterSession` gives one of Dask."""

    def __init__(self, cluster: Any) -> None:
        self.options = cluster.options
        self._cluster = cluster

    def open(self) -> Any:
        return self._cluster
