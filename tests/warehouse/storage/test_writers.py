"""Concurrent writers, and writers that are killed: every row counts once."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from warehouse.errors import HomeBusy
from warehouse.home import Home
from warehouse.storage.lake import Lake

ROWS = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from warehouse.storage.lake import Lake
from warehouse.schema.tables import Observation, Post

EVENING = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)

def observed(number):
    return Observation(source="demo", post_id=f"p{number:04}", observed_at=EVENING, likes=number,
                       comments=None, likes_hidden=False)

def post(number, caption):
    return Post(source="demo", post_id=f"p{number:04}", account="ann", url="", kind="image", posted_at=None,
                caption=caption, place=None, pinned=None, first_seen_at=EVENING, last_seen_at=EVENING)

lake = Lake(Path(sys.argv[1]))
"""
APPEND = (
    ROWS
    + """
print("ready", flush=True)
sys.stdin.readline()
added = 0
for start in range(0, 80, 10):
    added += lake.append([observed(number) for number in range(start, start + 30)])
print(added)
"""
)
UPSERT = (
    ROWS
    + """
print("ready", flush=True)
sys.stdin.readline()
for start in range(0, 40, 10):
    lake.upsert([post(number, sys.argv[2]) for number in range(start, start + 30)])
"""
)
CREATE = (
    ROWS
    + "print('ready', flush=True); sys.stdin.readline(); lake.create(); print(lake.append([observed(1)]))"
)
STEADY = (
    ROWS
    + """
for start in range(0, 40, 10):
    lake.append([observed(number) for number in range(start, start + 15)])
    lake.upsert([post(number, f"from {start}") for number in range(start, start + 15)], keep=["first_seen_at"])
    print(start, flush=True)
"""
)
WRITE_ENDLESSLY = (
    ROWS
    + """
from warehouse.storage.table_lock import lock_table
with lock_table(lake.folder, "observations"):
    print("writing", flush=True)
    sys.stdin.readline()
"""
)
HOLD = """
import sys
from pathlib import Path
from warehouse.home import Home
with Home(Path(sys.argv[1])).held(0, waiting=lambda: None):
    print("held", flush=True)
    sys.stdin.readline()
"""
Start = Callable[..., subprocess.Popen[str]]


def at_once(*writers: subprocess.Popen[str]) -> list[str]:
    """Start all when all are ready; returns their outputs."""
    for writer in writers:
        assert writer.stdout and writer.stdout.readline() == "ready\n", writer.communicate()[1]
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
    outputs = [writer.communicate(timeout=600) for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * len(writers), outputs
    return [out for out, _ in outputs]


def rows(lake: Lake, table: str) -> list[tuple[Any, ...]]:
    with lake.reader() as reader:
        return reader.execute(f"select * from {table} order by all").fetchall()


@pytest.mark.slow
def test_rows_that_two_processes_append_at_once_count_once(home: Home, start_process: Start) -> None:
    """Two processes append the same overlapping batches at once, and each row is stored once."""
    outputs = at_once(start_process(APPEND, home.lake.folder), start_process(APPEND, home.lake.folder))
    found = rows(home.lake, "observations")
    assert [row[3] for row in found] == list(range(100))
    assert sum(map(int, outputs)) == 100, "each row was added by one of the two, and counted by it"


@pytest.mark.slow
def test_rows_that_two_processes_upsert_at_once_are_stored_once(home: Home, start_process: Start) -> None:
    """Two processes update the same posts at once, and each post is stored once, as one of them wrote it."""
    at_once(start_process(UPSERT, home.lake.folder, "one"), start_process(UPSERT, home.lake.folder, "two"))
    with home.lake.reader() as reader:
        found = reader.execute("select post_id, caption from posts order by 1").fetchall()
    assert [post_id for post_id, _ in found] == [f"p{number:04}" for number in range(60)]
    assert {caption for _, caption in found} <= {"one", "two"}


@pytest.mark.slow
def test_two_processes_can_create_the_tables_at_once(tmp_path: Path, start_process: Start) -> None:
    """Two first runs on one new folder create the tables once, and lose no row."""
    outputs = at_once(start_process(CREATE, tmp_path / "lake"), start_process(CREATE, tmp_path / "lake"))
    assert sorted(map(int, outputs)) == [0, 1]
    assert len(rows(Lake(tmp_path / "lake"), "observations")) == 1


@pytest.mark.slow
def test_a_killed_writer_that_runs_again_leaves_the_same_tables(tmp_path: Path, start_process: Start) -> None:
    """A writer that is killed at several moments and runs again leaves the tables of an undisturbed one."""
    lakes = {name: Lake(tmp_path / name) for name in ("undisturbed", "killed")}
    for lake in lakes.values():
        lake.create()
    _, errors = (undisturbed := start_process(STEADY, lakes["undisturbed"].folder)).communicate()
    assert undisturbed.returncode == 0, errors
    chosen, killed = random.Random(7), 0
    for batches in (1, 2):
        writer = start_process(STEADY, lakes["killed"].folder)
        for _ in range(batches):
            assert writer.stdout and writer.stdout.readline()
        pause = chosen.uniform(0, 0.08)  # within the next batch: while it reads, writes or commits
        try:
            writer.wait(pause)
        except subprocess.TimeoutExpired:
            writer.kill()
            killed += 1
        writer.communicate()
        for table in ("observations", "posts"):  # complete batches, readable at once
            keys = [row[:2] for row in rows(lakes["killed"], table)]
            assert len(keys) == len(set(keys)) and len(keys) >= 15
    assert killed
    _, errors = (last := start_process(STEADY, lakes["killed"].folder)).communicate()
    assert last.returncode == 0, errors
    for table in ("observations", "posts"):
        assert rows(lakes["killed"], table) == rows(lakes["undisturbed"], table)


def test_a_locked_home_is_rejected_until_its_run_is_killed(home: Home, start_process: Start) -> None:
    """While another process has the lock, the home is busy and calls back once; after a kill it is free."""
    holder = start_process(HOLD, home.folder)
    assert holder.stdout and holder.stdout.readline() == "held\n"
    calls: list[str] = []
    with (
        pytest.raises(HomeBusy, match=r"Another run still uses .*home"),
        home.held(0.3, waiting=lambda: calls.append("waiting")),
    ):
        pytest.fail("two runs at once")
    assert calls == ["waiting"]
    holder.kill()
    holder.wait()
    with home.held(5, waiting=lambda: None), pytest.raises(HomeBusy), home.held(0, waiting=lambda: None):
        pytest.fail("two runs at once in one process")


@pytest.mark.slow
def test_a_killed_process_releases_its_table_lock(home: Home, start_process: Start) -> None:
    """A process that is killed during a write does not block other writers of the table."""
    writer = start_process(WRITE_ENDLESSLY, home.lake.folder)
    assert writer.stdout and writer.stdout.readline() == "writing\n"
    other = start_process(APPEND, home.lake.folder)
    assert other.stdin and other.stdout and other.stdout.readline() == "ready\n"
    other.stdin.write("go\n")
    other.stdin.flush()
    with pytest.raises(subprocess.TimeoutExpired):
        other.wait(0.3)  # it waits for the lock
    writer.kill()
    assert other.communicate(timeout=600)[0] == "100\n"
