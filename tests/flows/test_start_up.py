"""What a command sets in its environment before it imports other libraries."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

LIMITED = """
import resource, sys, time
resource.setrlimit(resource.RLIMIT_DATA, (4 * 2**30, 4 * 2**30))
from flows.start_up import set_defaults
set_defaults()
from datetime import UTC, datetime
from pathlib import Path
from warehouse.home import Home
from warehouse.schema.tables import AccountObservation
from warehouse.storage.lake_reader import open_connection

def reserved_bytes():
    with open("/proc/self/status") as status:
        return 1024 * next(int(line.split()[1]) for line in status if line.startswith("VmData"))
"""
STORE = """
home = Home(Path(sys.argv[1]))
lake = home.lake
before = reserved_bytes()
home.prepare()
seen = datetime(2026, 1, 1, tzinfo=UTC)
lake.append([AccountObservation(source="s", account="a", observed_at=seen, followers=1, following=1, posts=1)])
print(reserved_bytes() - before)
"""
QUERY = """
with open_connection() as connection:
    connection.execute("select 1").fetchall()
    before = reserved_bytes()
    connection.execute("create temporary table filled as select hash(i)::varchar as text from range(4000000) as t(i)")
    used = reserved_bytes() - before
    connection.execute("drop table filled")
    end = time.monotonic() + 60  # threads of the allocator return it
    while reserved_bytes() - before > used // 2 and time.monotonic() < end:
        time.sleep(0.1)
    print(used, reserved_bytes() - before)
"""


@pytest.fixture
def limited(tmp_path: Path) -> Callable[[str], list[int]]:
    """Run a program in a process that may reserve 4 GiB, as `likelens` would, and return the numbers that it prints."""
    if not Path("/proc/self/status").exists():
        pytest.skip("Only Linux shows what a process has reserved.")

    def run(program: str) -> list[int]:
        command = [sys.executable, "-c", LIMITED + program, str(tmp_path / "home")]
        found = subprocess.run(command, capture_output=True, text=True, check=True)
        return [int(number) for number in found.stdout.split()]

    return run


@pytest.mark.slow
def test_a_command_that_stores_a_row_does_not_reserve_a_gibibyte(limited: Callable[[str], list[int]]) -> None:
    """`ulimit -d` counts memory that is reserved and never used, and Arrow's allocator would reserve that much."""
    [reserved] = limited(STORE)
    assert reserved < 2**30


@pytest.mark.slow
def test_a_command_returns_the_memory_of_a_query(limited: Callable[[str], list[int]]) -> None:
    """What DuckDB would keep of it, Polars could not have."""
    used, left = limited(QUERY)
    assert used > 2**26
    assert left < used // 2
