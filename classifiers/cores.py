"""How many CPU cores this process may use."""

from __future__ import annotations

import os


def cores() -> int:
    """The number of usable cores, at least 1. It respects CPU affinity, except on macOS, which has no call for it."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
