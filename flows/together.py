"""Waiting for tasks that run at the same time, so that an interrupt ends them soon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from prefect.futures import PrefectFuture, wait

TASKS_AT_ONCE = 4
"""Hosts that are crawled, or classifiers that label, at the same time; each of these holds a model."""
WAIT_SECONDS = 1.0


def wait_for(futures: Sequence[PrefectFuture[Any]], halt: Callable[[], None]) -> None:
    """Wait until all have ended, however they did; `halt` tells them to end when this thread is interrupted."""
    try:
        # In short steps: a signal that another thread of the process takes wakes nobody here.
        while wait(list(futures), timeout=WAIT_SECONDS).not_done:
            pass
    except BaseException:
        # An interrupt comes to this thread alone, and the runner waits for the others.
        halt()
        raise
