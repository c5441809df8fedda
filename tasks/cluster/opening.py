"""Open a cluster for a run, and check it before any work."""

from __future__ import annotations

import importlib.util
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tasks.cluster.options import EXTRAS, ClusterOptions
from tasks.cluster.protocol import Cluster
from tasks.cluster.versions import check_versions
from tasks.errors import ClusterUnavailable


def require_extra(options: ClusterOptions) -> None:
    """Raise `ClusterUnavailable` where the runner's packages are not installed."""
    missing = [name for name in EXTRAS[options.runner] if importlib.util.find_spec(name) is None]
    if missing:
        raise ClusterUnavailable(
            f"[{options.table}] runner is {options.runner!r}, and the package {missing[0]} is not installed. Install the"
            f' extra: pip install "likelens[{options.runner}]", here and on the workers.'
        )


START = {"dask": "dask scheduler", "ray": "ray start --head"}
CONNECT_SECONDS = 10.0


def require_listener(options: ClusterOptions) -> None:
    """Raise `ClusterUnavailable` where nothing listens at the address: the engines themselves wait for minutes."""
    if not options.address:
        return
    parts = urlsplit(options.address)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), CONNECT_SECONDS).close()
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or error
        raise ClusterUnavailable(
            f"No {options.runner.capitalize()} cluster listens at {options.address} ({problem}). Start it with"
            f" `{START[options.runner]}`, or correct address in [{options.table}] of the settings."
        ) from error


@contextmanager
def open_cluster(options: ClusterOptions) -> Iterator[Cluster]:
    """Connect to the cluster, or start one on this machine, and compare the packages of all workers.

    Raises `ClusterUnavailable`: an extra is missing, nothing listens at the address, no worker is there, or packages
    differ. The end of the block disconnects; a cluster that was started here ends.
    """
    require_extra(options)
    require_listener(options)
    if options.runner == "dask":
        from tasks.cluster.dask_cluster import open_dask as open_engine
    else:
        from tasks.cluster.ray_cluster import open_ray as open_engine
    with open_engine(options) as cluster:
        check_versions(cluster)
        yield cluster


class ClusterSession:
    """A cluster that is opened by the first stage or lane that has work for it, and closed with the block."""

    def __init__(self, options: ClusterOptions) -> None:
        self.options = options
        self._stack = ExitStack()
        self._lock = threading.Lock()
        self._cluster: Cluster | None = None
        self._problem: ClusterUnavailable | None = None

    def open(self) -> Cluster:
        """The open cluster. Raises `ClusterUnavailable` as `open_cluster` does; once it failed, at once."""
        with self._lock:
            if self._problem is not None:
                raise ClusterUnavailable(str(self._problem))
            if self._cluster is None:
                try:
                    self._cluster = self._stack.enter_context(open_cluster(self.options))
                except ClusterUnavailable as error:
                    self._problem = error
                    raise
            return self._cluster

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)
