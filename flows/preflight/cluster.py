"""The cluster that labels, opened as a run opens it: its workers, and their packages."""

from __future__ import annotations

from collections.abc import Iterator

from flows.docs_pages import CLUSTER
from flows.preflight.findings import Finding
from tasks.cluster.opening import open_cluster
from tasks.cluster.options import ClusterOptions
from tasks.errors import ClusterUnavailable


def check_cluster(options: ClusterOptions | None) -> Iterator[Finding]:
    """Open the cluster, and compare the packages of its workers; nothing where threads label."""
    if options is None:
        return
    try:
        with open_cluster(options) as cluster:
            workers, slots = len(cluster.workers()), cluster.slots()
    except ClusterUnavailable as error:
        yield Finding(False, f"[{options.table}] runner: {error}", CLUSTER)
        return
    room = "" if slots == workers else f", with room for {slots} pieces of work"
    nodes = "workers" if options.runner == "dask" else "nodes"
    text = f"{workers} {nodes} of {options.place}{room} have the same packages as this machine"
    yield Finding(True, f"[{options.table}] runner: {text}")
