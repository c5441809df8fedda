"""DuckDB takes half of the memory that the process has."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from warehouse import memory
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.published import published
from warehouse.storage.lake_reader import open_connection

SHOW = """
import duckdb, resource
resource.setrlimit(resource.RLIMIT_DATA, (2 * 2**30, 2 * 2**30))
from warehouse.storage.lake_reader import open_connection
print(open_connection().sql("select current_setting('memory_limit')").fetchall()[0][0])
"""


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty tree of control groups."""
    monkeypatch.setattr(memory, "_GROUPS", tmp_path)
    monkeypatch.setattr(memory, "_GROUP_OF_PROCESS", tmp_path / "cgroup")
    memory.duckdb_limit.cache_clear()
    yield tmp_path
    memory.duckdb_limit.cache_clear()


def write_limit(file: Path, value: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(value + "\n")


def test_duckdb_takes_a_third_of_what_the_process_may_reserve():
    """The rest is for Polars, and for what threads and allocators reserve and do not use."""
    found = subprocess.run([sys.executable, "-c", SHOW], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "682.0 MiB"


def test_the_smallest_limit_of_the_control_groups_counts(groups):
    """Of version 2, where a limit of an outer group holds for the inner ones, and `max` is none."""
    (groups / "cgroup").write_text("0::/box/inner\n")
    write_limit(groups / "box" / "inner" / "memory.max", "max")
    write_limit(groups / "box" / "memory.max", str(3 * 2**30))
    assert memory.available_bytes() == 3 * 2**30
    assert memory.duckdb_limit() == "1536MiB"


def test_version_1_of_control_groups_has_its_own_tree(groups):
    """Its file is in the folder of the controller `memory`, and other controllers say nothing."""
    (groups / "cgroup").write_text("4:memory:/box\n1:cpu:/box\n")
    write_limit(groups / "memory" / "box" / "memory.limit_in_bytes", str(2**30))
    assert memory.available_bytes() == 2**30


def test_a_machine_without_control_groups_has_its_memory(groups):
    """And a file that can't be read is no limit."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert memory.available_bytes() == machine
    (groups / "cgroup").write_text("0::/gone\n")
    assert memory.available_bytes() == machine


def test_a_locked_database_keeps_its_limit():
    """As the one that `likelens sql` opened in the same process."""
    with duckdb.connect() as connection:
        connection.execute("set memory_limit = '1GiB'; set lock_configuration = true")
        memory.limit_memory(connection)
        assert connection.sql("select current_setting('memory_limit')").fetchall() == [("1.0 GiB",)]


@pytest.mark.slow
def test_a_long_query_prints_no_progress_bar(home: Home) -> None:
    """It would stand among the rows that a command prints."""
    publish(home)
    setting = "select value from duckdb_settings() where name = 'enable_progress_bar'"
    with open_connection() as lake, published(home) as database:
        for connection in (lake, database):
            assert connection.execute(setting).fetchall() == [("false",)]
