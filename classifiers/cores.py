"""How many cores this process may use."""

from __future__ import annotations

import os


def cores() -> int:
    """One at least. Less than the machine has where the process was bound to some of them."""
    # Where the system tells; macOS does not.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
