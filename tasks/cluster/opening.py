"""Open a cluster for a run, and check it before any work."""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Iterator
from contextlib import contextmanager
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
