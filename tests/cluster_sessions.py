"""Clusters on this machine that the files of tests about clusters share; they are consecutive."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Literal

import pytest

from tasks.cluster.opening import ClusterSession
from tasks.cluster.options import ClusterOptions
from tasks.errors import ClusterUnavailable

WORKERS = 2
MAX_RESTART_SECONDS = 300.0


class Clusters:
    """Sessions with two workers of Dask and of Ray."""

    def __init__(self) -> None:
        self._sessions: dict[str, ClusterSession] = {}
        self._stack = ExitStack()

    def open(self, runner: Literal["dask", "ray"]) -> ClusterSession:
        """The session with an open cluster; skips the test where it can't be opened.

        A worker of Dask that an earlier test killed has been started again.
        """
        pytest.importorskip(f"prefect_{runner}", reason=f"the extra {runner} is not installed")
        if runner not in self._sessions:
            self._sessions[runner] = self._stack.enter_context(
                ClusterSession(ClusterOptions(runner, workers=WORKERS))
            )
        session = self._sessions[runner]
        try:
            cluster = session.open()
        except ClusterUnavailable as error:
            if runner == "ray":
                pytest.skip(f"Ray's own processes do not start within its limit of 15 seconds: {error}")
            raise
        until = time.monotonic() + MAX_RESTART_SECONDS
        while runner == "dask" and len(cluster.workers()) != WORKERS:
            assert time.monotonic() < until, "A killed worker of Dask was not started again."
            time.sleep(0.1)
        return session

    def close(self) -> None:
        """End the clusters."""
        self._sessions.clear()
        self._stack.close()


CLUSTERS = Clusters()
