"""What the command line sets before it imports a command."""

from __future__ import annotations

import os

_DEFAULTS = {
    # Looking for plugins of pydantic reads the metadata of all installed packages, and likelens needs none.
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
    # The allocator of Arrow and of deltalake reserves 1 GiB with the first value. `ulimit -d` counts that as used
    # unless the allocator takes it bit by bit.
    "MIMALLOC_ARENA_EAGER_COMMIT": "0",
}


def set_defaults() -> None:
    """Set variables of the environment that are not set; libraries read theirs when they are imported."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
