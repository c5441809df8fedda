"""What a command sets in its environment before it imports other libraries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

STORE = """
from flows.start_up import set_defaults
set_defaults()
import sys
from datetime import UTC, datetime
from pathlib import Path
from warehouse.home import Home
from warehouse.schema.tables import AccountObservation

def reserved_bytes():
    with open("/proc/self/status") as status:
        return 1024 * next(int(line.split()[1]) for line in status if line.startswith("VmData"))

home = Home(Path(sys.argv[1]))
lake = home.lake
before = reserved_bytes()
home.prepare()
seen = datetime(2026, 1, 1, tzinfo=UTC)
lake.append([AccountObservation(source="s", account="a", observed_at=seen, followers=1, following=1, posts=1)])
print(reserved_bytes() - before)
"""


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="Only Linux shows what a process has reserved."
)
def test_a_command_that_stores_a_row_does_not_reserve_a_gibibyte(tmp_path):
    """`ulimit -d` counts memory that is reserved and never used, and Arrow's allocator would reserve that much."""
    command = [sys.executable, "-c", STORE, str(tmp_path / "home")]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(found.stdout) < 2**30
