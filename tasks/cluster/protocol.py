"""What an open cluster can do. Its work is functions of installed modules, with values that can be pickled."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

from tasks.cluster.options import ClusterOptions

Result = TypeVar("Result")


class WorkerDied(Exception):
    """A piece of work ended with its workers, also where it was tried again."""


class Cluster(Protocol):
    """An open cluster. Several threads may use it.

    A piece of work whose worker dies runs again on another one; after a few deaths its future raises `WorkerDied`.
    Any other exception of the function is raised as it is.
    """

    options: ClusterOptions

    def workers(self) -> list[str]:
        """The workers that are alive: processes of Dask, nodes of Ray. Raises `ClusterUnavailable` if the cluster is lost."""
        ...

    def slots(self) -> int:
        """How many worker processes can work at the same time."""
        ...

    def submit(
        self, function: Callable[..., Result], *arguments: Any, worker: str | None = None
    ) -> Future[Result]:
        """Run a function on a worker: any, or the one of that name."""
        ...

    def cancel(self, future: Future[Any]) -> None:
        """Forget a piece of work; it ends if it has begun."""
        ...
