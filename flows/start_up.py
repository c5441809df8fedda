"""What the command line sets before it imports a command."""

from __future__ import annotations

import os
import resource

_DEFAULTS = {
    # Looking for plugins of pydantic reads the metadata of all installed packages, and likelens needs none.
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
}
_LIMITED = {
    # The allocator of Arrow and of deltalake reserves 1 GiB with the first value, unless it takes it bit by bit.
    "MIMALLOC_ARENA_EAGER_COMMIT": "0",
    # Those of DuckDB and of Polars keep for themselves what they once reserved.
    "DUCKDB_JE_MALLOC_CONF": "retain:false",
    "_RJEM_MALLOC_CONF": "retain:false",
}
"""Where a limit counts memory that is reserved, as that of `ulimit -d` does."""


def set_defaults() -> None:
    """Set variables of the environment that are not set; libraries read theirs when they are imported."""
    limits = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    limited = _LIMITED if any(limit != resource.RLIM_INFINITY for limit in limits) else {}
    for name, value in (_DEFAULTS | limited).items():
        os.environ.setdefault(name, value)
