"""How much memory DuckDB may take: half of what this process has, so that the rest is left for Arrow, Polars and Python.

A resource limit (`ulimit -d`) counts memory that is reserved, used or not. There DuckDB gets a third, because threads and
libraries reserve half a gigabyte, and each allocator more than is in use. DuckDB's own default is most of the machine's memory, and it
does not look at the limits of the process.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import duckdb

_PART = 2
_PART_OF_RESERVED = 3
_MIN_BYTES = 256 * 1024 * 1024
_GROUPS = Path("/sys/fs/cgroup")
_GROUP_OF_PROCESS = Path("/proc/self/cgroup")


def available_bytes() -> int:
    """The smallest of the machine's memory, the limits of the process's control groups, and its resource limits."""
    return min([_machine_bytes(), *_group_limits(), *_resource_limits()])


@lru_cache(maxsize=1)
def duckdb_limit() -> str:
    """The value of DuckDB's setting `memory_limit`."""
    used = min([_machine_bytes(), *_group_limits()]) // _PART
    reserved = [limit // _PART_OF_RESERVED for limit in _resource_limits()]
    return f"{max(_MIN_BYTES, min([used, *reserved])) // 2**20}MiB"


HIDE_PROGRESS = "set enable_progress_bar = false"
"""For every connection: DuckDB prints a bar among the results of a query that takes more than two seconds."""


def limit_memory(connection: duckdb.DuckDBPyConnection) -> None:
    """Set the limit of an open database; one whose configuration is locked keeps its own."""
    with suppress(duckdb.InvalidInputException):
        connection.execute(f"set memory_limit = '{duckdb_limit()}'")


def _machine_bytes() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _resource_limits() -> Iterator[int]:
    """The limits of this process on the memory that it reserves."""
    for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
        limit, _ = resource.getrlimit(kind)
        if limit != resource.RLIM_INFINITY:
            yield limit


def _group_limits() -> Iterator[int]:
    """The limits of the control groups of this process and of those around them, by version 2 and version 1."""
    try:
        lines = _GROUP_OF_PROCESS.read_text("ascii").splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        root = _GROUPS / controllers
        name = "memory.limit_in_bytes" if controllers else "memory.max"
        group = root / path.lstrip("/")
        for folder in (group, *group.parents):
            if not folder.is_relative_to(root):
                break
            with suppress(OSError, ValueError):  # `max` is no number
                yield int((folder / name).read_text("ascii"))
