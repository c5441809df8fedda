"""Downloads in several processes: the same pictures and reasons, even if a process crashes."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tasks.errors import DownloadsCrashed
from tasks.fetch import processes, stage
from tasks.fetch.attempt import Attempt, Reason, StoredFile

ROOT = Path(__file__).resolve().parents[3]
RUN = """
import sys
from pathlib import Path
from tasks.fetch import stage
from tasks.fetch.download import Limits, FetchOptions
from warehouse.errors import DiskFull
from warehouse.home import Home
stage.MIN_FOR_PROCESSES = 1
options = FetchOptions(allow_private_hosts=frozenset({"127.0.0.1"}), limits=Limits(max_bytes=10**7))
try:
    stage.fetch_pictures(Home(Path(sys.argv[1])), options, lambda done, total: None)
except DiskFull as error:
    sys.exit(f"DiskFull: {error}")
"""


@pytest.fixture
def in_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use two processes, also for a few pictures and on any machine."""
    monkeypatch.setattr(stage, "MIN_FOR_PROCESSES", 1)
    monkeypatch.setattr(stage, "process_count", lambda: 2)


@pytest.mark.usefixtures("in_processes")
def test_processes_together_respect_the_limit_of_a_host(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """Each picture gets one request, and is stored; all processes together respect the limit of a host."""
    total, all_active = 60, asyncio.Event()

    async def respond(request: web.BaseRequest) -> web.StreamResponse:
        if server.active == 5:
            all_active.set()
        await all_active.wait()
        return web.Response(body=picture(int(request.path[1:])))

    server.pages = {f"/{number}": respond for number in range(total)}
    fetching.add_pictures([server.url(path) for path in server.pages])
    assert fetching.run(per_host=5).items == total
    assert set(server.requests.values()) == {1} and len(server.requests) == total
    assert server.max_active == 5
    assert len(fetching.stored_files()) == total
    fetching.check_store()


@pytest.mark.slow
@pytest.mark.usefixtures("in_processes")
def test_processes_report_the_same_reasons(
    server: Any, fetching: Any, picture: Callable[..., bytes], tmp_path: Path
) -> None:
    """A failed picture has the same reason as in the run's own process, and the others are stored."""
    file = tmp_path / "a file.png"
    file.write_bytes(picture(9))
    server.serve("/ok", picture(1))
    urls = {
        server.url("/ok"): (None, 200),
        server.serve("/moved", status=302, headers={"Location": "/ok"}): (None, 200),
        file.as_uri(): (None, None),
        server.serve("/gone", status=410): ("gone", 410),
        server.serve("/text", b"<html>"): ("not_a_picture", 200),
        server.serve("/half", picture(2, "JPEG", (64, 64))[:-40]): ("corrupt", 200),
        server.serve("/large", bytes(300_000)): ("too_large", 200),
        server.url("/ok", "localhost"): ("private_address", None),
        "ftp://example.org/ü": ("bad_address", None),
        "http://127.0.0.1:1/" + "x" * 200_000: ("unreachable", None),
    }
    fetching.add_pictures(list(urls))
    fetching.run(folders=(tmp_path,))
    latest = "select picture_url, arg_max((reason, http_status), attempted_at) from fetches group by all"
    assert dict(fetching.rows(latest)) == urls
    fetching.check_store()
    assert not list((fetching.home.pictures / ".incoming").iterdir())


@pytest.mark.slow
@pytest.mark.usefixtures("in_processes")
def test_a_crashed_process_costs_its_jobs_one_attempt(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """Each job of a killed process loses one attempt; another process replaces it, and all pictures are stored."""
    killed: list[int] = []

    async def respond(request: web.BaseRequest) -> web.StreamResponse:
        number = int(request.path[1:])
        if number == 20 and not killed:
            killed.extend(_children(os.getpid(), "tasks.fetch.worker"))
            for child in killed:
                os.kill(child, signal.SIGKILL)
        return web.Response(body=picture(number))

    server.pages = {f"/{number}": respond for number in range(60)}
    fetching.add_pictures([server.url(path) for path in server.pages])
    assert fetching.run(concurrency=4, per_host=4).items == 60
    assert len(killed) == 2
    lost = "select count(*) from fetches where reason = 'cut_off' and http_status is null"
    assert 0 < fetching.rows(lost)[0][0] <= 4
    assert not _children(os.getpid(), "tasks.fetch.worker")
    fetching.check_store()


@pytest.mark.slow
@pytest.mark.usefixtures("in_processes")
def test_repeated_crashes_stop_the_run(
    server: Any, fetching: Any, picture: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After too many crashes the run stops with an error that says what to do, and stores what it has."""
    monkeypatch.setattr(processes, "MAX_CRASHES", 2)

    async def respond(request: web.BaseRequest) -> web.StreamResponse:
        number = int(request.path[1:])
        if number >= 10:
            for child in _children(os.getpid(), "tasks.fetch.worker"):
                os.kill(child, signal.SIGKILL)
        return web.Response(body=picture(number))

    server.pages = {f"/{number:03}": respond for number in range(40)}
    fetching.add_pictures([server.url(path) for path in server.pages])
    with pytest.raises(DownloadsCrashed, match="Run again"):
        fetching.run(concurrency=2, per_host=2)
    assert fetching.rows("select count(*) from pictures")[0][0] >= 8
    fetching.check_store()


@pytest.mark.slow
@pytest.mark.usefixtures("in_processes")
def test_a_process_that_can_not_be_replaced_stops_the_run(
    server: Any, fetching: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If no process can replace one that crashed, the run stops with the system's error and does not wait."""

    async def respond(request: web.BaseRequest) -> web.StreamResponse:
        def refuse(*args: object, **options: object) -> None:
            raise BlockingIOError("no more processes")

        monkeypatch.setattr(subprocess, "Popen", refuse)
        for child in _children(os.getpid(), "tasks.fetch.worker"):
            os.kill(child, signal.SIGKILL)
        return web.Response()

    server.pages["/a"] = respond
    fetching.add_pictures([server.url("/a")])
    with pytest.raises(BlockingIOError, match="no more processes"):
        fetching.run()


@pytest.mark.slow
def test_a_killed_run_leaves_no_process(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A run that is killed leaves no process behind."""

    async def respond(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(3600)
        return web.Response()

    server.pages["/slow"] = respond
    fetching.add_pictures([server.url("/slow")])
    command = [sys.executable, "-c", RUN, str(fetching.home.folder)]
    run = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)
    try:
        while not server.requests["/slow"]:
            assert run.poll() is None
            time.sleep(0.05)
        children = _children(run.pid, "tasks.fetch.worker")
    finally:
        run.kill()
    assert children
    run.communicate(timeout=600)  # standard error ends with the last process that holds it


@pytest.mark.slow
def test_a_full_disk_in_a_process_stops_the_run(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A full disk that a process reports stops the run with advice."""
    fetching.add_pictures([server.serve("/a", picture(1) + bytes(3_000_000))])

    def no_large_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    command = [sys.executable, "-c", RUN, str(fetching.home.folder)]
    ended = subprocess.run(
        command, cwd=ROOT, preexec_fn=no_large_files, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.strip().splitlines()[-1].startswith("DiskFull: ")
    assert "Free some space" in ended.stderr


@pytest.mark.slow
def test_a_process_loads_no_table_libraries() -> None:
    """A download process loads none of the table libraries, so it starts fast and stays small."""
    heavy = {"duckdb", "deltalake", "pyarrow", "polars", "numpy", "pydantic", "prefect"}
    code = f"import sys, tasks.fetch.worker; print(*({heavy!r} & set(sys.modules)))"
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert printed.stdout.split() == []


@pytest.mark.parametrize(
    "result",
    [
        Attempt(
            datetime(2026, 1, 2, 3, 4, 5, 6, UTC),
            0.25,
            200,
            picture=StoredFile("ab", 1, 2, 3, "jpeg", "p/ab.jpg"),
        ),
        Attempt(datetime(2026, 1, 2, tzinfo=UTC), 1.5, 429, Reason.BUSY, 30.0, message="It is\na text."),
    ],
)
def test_an_attempt_passes_a_connection_unchanged(result: Attempt) -> None:
    """The run receives an attempt as the process sent it."""
    receiver, sender = Pipe()
    with receiver, sender:
        sender.send(result)
        assert receiver.recv() == result


def _children(parent: int, module: str) -> list[int]:
    """The child processes that run the module."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            state = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            continue
        if (
            folder.name.isdecimal()
            and int(state[1]) == parent
            and state[0] != "Z"
            and module.encode() in command
        ):
            found.append(int(folder.name))
    return found
