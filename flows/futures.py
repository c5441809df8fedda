"""Wait for tasks that run at the same time, so that an interrupt ends them soon."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from prefect.futures import PrefectFuture

MAX_PARALLEL_TASKS = 4
"""Hosts that are crawled, or classifiers that label, at the same time; each classifier holds a model in memory."""
POLL_SECONDS = 0.2


def wait_for(futures: Sequence[PrefectFuture[Any]], halt: Callable[[], None]) -> None:
    """Wait until all tasks have ended in any state. Call `halt` to stop them when this thread is interrupted."""
    done: list[PrefectFuture[Any]] = []
    try:
        for future in futures:
            future.add_done_callback(done.append)
        # `prefect.futures.wait` would not do: an interrupt while a condition takes or releases its lock becomes
        # 'RuntimeError: release unlocked lock'. An interrupt of a sleep is always a KeyboardInterrupt.
        while len(done) < len(futures):
            time.sleep(POLL_SECONDS)
    except BaseException:
        # Only this thread is interrupted, and the task runner waits for the others.
        halt()
        raise
