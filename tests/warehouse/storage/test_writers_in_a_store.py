"""Several machines that write to one lake in an object store: nothing is lost, and nothing counts twice."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest

from warehouse.errors import BadHome, BadStore, LakeBusy, StoreUnavailable
from warehouse.home import Home
from warehouse.storage import lake_copy
from warehouse.storage.copy_upkeep import delete_old_data
from warehouse.storage.lake_copy import open_copy

WRITER = """
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from warehouse.home import Home
from warehouse.object_store.client import ObjectStore
from warehouse.schema.tables import Post

url, endpoint, folder, name, rounds = sys.argv[1:]
home = Home(Path(folder), ObjectStore(url, endpoint, timeout_seconds=20, retry_seconds=60))
at = datetime(2026, 3, 1, tzinfo=UTC)

def post(post_id, caption=None):
    return Post(source="demo", post_id=post_id, account="ann", url="http://a.example", kind="image", posted_at=at,
                caption=caption, place=None, pinned=None, first_seen_at=at, last_seen_at=at)

print("ready", flush=True)
sys.stdin.readline()
added = 0
for number in range(int(rounds)):
    added += home.lake.append([post(f"both {number} {one}") for one in range(20)])
    added += home.lake.append([post(f"{name} {number} {one}") for one in range(20)])
    home.lake.upsert([post(f"{name} {number} 0", caption="changed")], keep=("first_seen_at",))
print(added, flush=True)
"""

KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from warehouse.home import Home
from warehouse.object_store.client import ObjectStore
from warehouse.schema.tables import AccountObservation

url, endpoint, folder, place = sys.argv[1:]
put, at = ObjectStore.put, datetime(2026, 3, 1, tzinfo=UTC)

def put_or_die(self, name, data, if_absent=False):
    kind = "version" if if_absent else "data"
    if place == f"before {kind}":
        os.kill(os.getpid(), signal.SIGKILL)
    etag = put(self, name, data, if_absent)
    if place == f"after {kind}":
        os.kill(os.getpid(), signal.SIGKILL)
    return etag

ObjectStore.put = put_or_die
home = Home(Path(folder), ObjectStore(url, endpoint))
rows = [AccountObservation(source="demo", account=f"k{n}", observed_at=at, followers=1, following=2, posts=3)
        for n in range(3)]
home.lake.append(rows)
"""


@pytest.fixture(autouse=True)
def filled(s3, prepared: Path) -> None:
    """Put empty tables into the store."""
    for name in ("posts", "accounts"):
        for file in sorted(prepared.glob(f"lake/{name}/_delta_log/*.json")):
            s3.store().put(str(file.relative_to(prepared)), file)


@pytest.mark.slow
@pytest.mark.parametrize("faults", [False, True])
def test_two_machines_write_at_once(s3, start_process, tmp_path: Path, faults: bool) -> None:
    """Rows that both write count once, also when requests are slow, fail, or lose their responses."""
    rounds = 2
    writers = [
        start_process(WRITER, s3.url, s3.endpoint, tmp_path / name, name, rounds) for name in ("one", "two")
    ]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    if faults:
        s3.fail_at_random(seed=11)
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()
    ends = [writer.communicate() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], ends
    s3.fail()
    lake = Home(tmp_path / "third", s3.store()).lake
    expected = {
        f"{name} {number} {one}"
        for name in ("both", "one", "two")
        for number in range(rounds)
        for one in range(20)
    }
    assert sorted(row for (row,) in lake.query("select post_id from posts")) == sorted(expected)
    assert sum(int(out) for out, _ in ends) == len(expected)
    assert lake.count("select count(*) from posts where caption = 'changed'") == 2 * rounds


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "is_stored"), [("before data", False), ("before version", False), ("after version", True)]
)
def test_a_writer_that_is_killed_leaves_whole_versions(
    s3, start_process, account_row, tmp_path: Path, place: str, is_stored: bool
) -> None:
    """The next writer on this machine, and one on another, go on from what the store has."""
    process = start_process(KILLED, s3.url, s3.endpoint, tmp_path / "one", place)
    _, errors = process.communicate()
    assert process.returncode == -signal.SIGKILL, errors
    one, other = (Home(tmp_path / name, s3.store()).lake for name in ("one", "other"))
    count = "select count(*) from accounts"
    assert one.count(count) == other.count(count) == (3 if is_stored else 0)
    rows = [account_row(f"{number}") for number in range(4)]
    assert other.append(rows) == 4
    assert one.append(rows) == 0
    assert one.count(count) == (7 if is_stored else 4)
    # A vacuum deletes what the killed writer left, when it is older than the days of history; -1: at once.
    delete_old_data(open_copy(other.folder, s3.store()).table("accounts"), -1, full=True)
    data = [file.name for file in s3.store().list("lake/accounts") if "/_delta_log/" not in file.name]
    assert len(data) == len(one.files("accounts"))


def test_a_write_that_always_loses_says_so(s3, account_row, tmp_path: Path, monkeypatch) -> None:
    """It gives up after some attempts, and leaves neither rows nor objects."""
    monkeypatch.setattr(lake_copy, "MAX_ATTEMPTS", 3)
    monkeypatch.setattr(lake_copy, "REFRESH_SECONDS", 0.0)
    one, other = (Home(tmp_path / name, s3.store()).lake for name in ("one", "other"))
    number = iter(range(100))

    def be_faster(method: str, name: str) -> None:
        if method == "PUT" and name.endswith(".parquet") and threading.current_thread() not in busy:
            busy.add(threading.current_thread())
            behave, s3.proxy.behave = s3.proxy.behave, lambda *_: None
            other.append([account_row(f"other {next(number)}")])
            s3.proxy.behave = behave
            busy.discard(threading.current_thread())

    busy: set[threading.Thread] = set()
    s3.proxy.behave = be_faster
    with pytest.raises(LakeBusy, match="Other machines changed the table accounts 3 times"):
        one.append([account_row("mine")])
    s3.fail()
    assert one.query("select account from accounts order by 1") == [(f"other {n}",) for n in range(3)]
    data = [file.name for file in s3.store().list("lake/accounts") if "/_delta_log/" not in file.name]
    assert len(data) == 3
    assert one.append([account_row("mine")]) == 1


@pytest.mark.slow
def test_a_store_that_fails_during_a_write_loses_nothing(s3, account_row, tmp_path: Path) -> None:
    """The error says what failed; the copy is again what the store has, and the same write succeeds later."""
    home = Home(tmp_path / "one", s3.store(retry_seconds=0.2))
    home.lake.append([account_row("1")])

    def refuse(method: str, name: str):
        return s3.fault(status=503, code="SlowDown") if method == "PUT" and ".json" in name else None

    s3.proxy.behave = refuse
    with pytest.raises(StoreUnavailable, match="SlowDown"):
        home.lake.append([account_row("2")])
    s3.fail(status=403, code="AccessDenied")
    with pytest.raises(BadStore, match="no right to list"):
        home.lake.append([account_row("2")])
    s3.fail()
    assert home.lake.count("select count(*) from accounts") == 1
    assert home.lake.append([account_row("1"), account_row("2")]) == 1


def test_a_folder_with_other_tables_is_no_cache(s3, home: Home, account_row) -> None:
    """Its tables stay as they are."""
    home.lake.append([account_row("1")])
    with pytest.raises(BadHome, match="Set cache under"):
        Home(home.folder, s3.store()).lake.count("select count(*) from accounts")
    assert home.lake.count("select count(*) from accounts") == 1


def test_reading_asks_the_store_rarely(s3, account_row, tmp_path: Path) -> None:
    """A run reads tables many times; within seconds that costs no request, and one write costs three."""
    lake = Home(tmp_path / "one", s3.store()).lake
    lake.append([account_row("1")])
    s3.proxy.clear()
    for _ in range(5):
        assert lake.count("select count(*) from accounts") == 1
    assert len(s3.proxy.requests) <= 2
    s3.proxy.clear()
    lake.append([account_row("2")])
    assert s3.proxy.counts() == {"list": 1, "put": 2}
