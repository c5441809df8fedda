"""Several processes write at once, or are killed while they write: everything counts once all the same."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from warehouse.errors import HomeBusy
from warehouse.home import Home
from warehouse.lake import Lake

ROWS = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from warehouse.lake import Lake
from warehouse.tables import Observation, Post

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
for start in range(0, 200, 10):
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
for start in range(0, 60, 10):
    lake.append([observed(number) for number in range(start, start + 15)])
    lake.upsert([post(number, f"from {start}") for number in range(start, start + 15)], keep=["first_seen_at"])
    print(start, flush=True)
"""
)
WRITE_FOR_EVER = (
    ROWS
    + """
from warehouse.tables import TABLES
with lake._writing(TABLES["observations"]):
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
    """Let all go when all are ready; what they said at the end."""
    for writer in writers:
        assert writer.stdout and writer.stdout.readline() == "ready\n", writer.communicate()[1]
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
    said = [writer.communicate(timeout=120) for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * len(writers), said
    return [out for out, _ in said]


def rows(lake: Lake, table: str) -> list[tuple[Any, ...]]:
    with lake.reader() as reader:
        return reader.execute(f"select * from {table} order by all").fetchall()


def test_two_processes_appending_the_same_count_it_once(home: Home, child: Start) -> None:
    """Same and overlapping batches, appended by two processes at once: each row is there once."""
    said = at_once(child(APPEND, home.lake.folder), child(APPEND, home.lake.folder))
    found = rows(home.lake, "observations")
    assert [row[3] for row in found] == list(range(220))
    assert sum(map(int, said)) == 220, "each row was added by one of the two, and both know by which"


def test_two_processes_upserting_the_same_leave_one_row_each(home: Home, child: Start) -> None:
    """Two processes that update the same posts at once leave each post once, as one of them wrote it."""
    at_once(child(UPSERT, home.lake.folder, "one"), child(UPSERT, home.lake.folder, "two"))
    with home.lake.reader() as reader:
        found = reader.execute("select post_id, caption from posts order by 1").fetchall()
    assert [post_id for post_id, _ in found] == [f"p{number:04}" for number in range(60)]
    assert {caption for _, caption in found} <= {"one", "two"}


def test_two_processes_make_the_tables_at_once(tmp_path: Path, child: Start) -> None:
    """Two first runs on one new folder make the tables once, and lose nothing."""
    said = at_once(child(CREATE, tmp_path / "lake"), child(CREATE, tmp_path / "lake"))
    assert sorted(map(int, said)) == [0, 1]
    assert len(rows(Lake(tmp_path / "lake"), "observations")) == 1


def test_a_killed_writer_run_again_gives_the_undisturbed_tables(tmp_path: Path, child: Start) -> None:
    """Killed at several moments of its appends and upserts and run again, it leaves what one run leaves."""
    lakes = {name: Lake(tmp_path / name) for name in ("undisturbed", "killed")}
    for lake in lakes.values():
        lake.create()
    _, errors = (undisturbed := child(STEADY, lakes["undisturbed"].folder)).communicate()
    assert undisturbed.returncode == 0, errors
    chosen, killed = random.Random(7), 0
    for batches in (1, 3):
        writer = child(STEADY, lakes["killed"].folder)
        for _ in range(batches):
            assert writer.stdout and writer.stdout.readline()
        pause = chosen.uniform(0, 0.08)  # somewhere within the next batch: reading, writing or committing
        try:
            writer.wait(pause)
        except subprocess.TimeoutExpired:
            writer.kill()
            killed += 1
        writer.communicate()
        for table in ("observations", "posts"):  # whole batches, readable at once
            keys = [row[:2] for row in rows(lakes["killed"], table)]
            assert len(keys) == len(set(keys)) and len(keys) >= 15
    assert killed
    _, errors = (last := child(STEADY, lakes["killed"].folder)).communicate()
    assert last.returncode == 0, errors
    for table in ("observations", "posts"):
        assert rows(lakes["killed"], table) == rows(lakes["undisturbed"], table)


def test_a_held_home_is_refused_and_a_killed_run_lets_go(home: Home, child: Start) -> None:
    """While another process runs, the home is busy and says so once; when it is killed, the home is free."""
    holder = child(HOLD, home.folder)
    assert holder.stdout and holder.stdout.readline() == "held\n"
    heard: list[str] = []
    with (
        pytest.raises(HomeBusy, match=r"Another run still uses .*home"),
        home.held(0.3, waiting=lambda: heard.append("waiting")),
    ):
        pytest.fail("two runs at once")
    assert heard == ["waiting"]
    holder.kill()
    holder.wait()
    with home.held(5, waiting=lambda: None), pytest.raises(HomeBusy), home.held(0, waiting=lambda: None):
        pytest.fail("two runs at once in one process")


def test_a_table_lock_of_a_killed_process_is_free(home: Home, child: Start) -> None:
    """A process that is killed while it waits inside a write does not lock others out of the table."""
    writer = child(WRITE_FOR_EVER, home.lake.folder)
    assert writer.stdout and writer.stdout.readline() == "writing\n"
    other = child(APPEND, home.lake.folder)
    assert other.stdin and other.stdout and other.stdout.readline() == "ready\n"
    other.stdin.write("go\n")
    other.stdin.flush()
    with pytest.raises(subprocess.TimeoutExpired):
        other.wait(0.7)  # it waits for the lock
    writer.kill()
    assert other.communicate(timeout=60)[0] == "220\n"
