"""Downloads in processes of their own: the same pictures and reasons, whatever becomes of a process."""

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
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tasks.errors import DownloadsCrashed
from tasks.fetch import processes, stage
from tasks.fetch.attempt import Attempt, StoredFile
from tasks.fetch.download import FetchOptions, Limits
from tasks.fetch.messages import DownloadJob, Raised, end_line, end_of, job_line, job_of, order_line, order_of
from tasks.fetch.reasons import Reason

ROOT = Path(__file__).resolve().parents[3]
RUN = """
import sys
from pathlib import Path
from tasks.fetch import stage
from tasks.fetch.download import Limits, FetchOptions
from warehouse.errors import DiskFull
from warehouse.home import Home
fetching.WORTH_PROCESSES = 1
manner = FetchOptions(allow_private_hosts=frozenset({"127.0.0.1"}), limits=Limits(most_bytes=10**7))
try:
    fetching.fetch_pictures(Home(Path(sys.argv[1])), manner, lambda done, total: None)
except DiskFull as error:
    sys.exit(f"DiskFull: {error}")
"""


@pytest.fixture
def in_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes also for a few pictures, and two of them on any machine."""
    monkeypatch.setattr(stage, "WORTH_PROCESSES", 1)
    monkeypatch.setattr(stage, "processes", lambda: 2)


def test_many_pictures(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """Hundreds of pictures are each asked for once, stored whole, and in the tables; a host keeps its limit."""
    total = stage.WORTH_PROCESSES + 50

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(0.005)
        return web.Response(body=picture(int(request.path[1:])))

    server.pages = {f"/{number}": answer for number in range(total)}
    fetching.want([server.url(path) for path in server.pages])
    assert fetching.run(per_host=5).items == total
    assert set(server.asked.values()) == {1} and len(server.asked) == total
    assert 1 < server.most_at_once <= 5
    assert len(fetching.stored()) == total
    fetching.check_store()


@pytest.mark.usefixtures("in_processes")
def test_same_ends(server: Any, fetching: Any, picture: Callable[..., bytes], tmp_path: Path) -> None:
    """What can't be fetched has the same reason as in the run's own process, and the rest is stored."""
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
    fetching.want(list(urls))
    fetching.run(folders=(tmp_path,))
    latest = "select picture_url, arg_max((reason, http_status), attempted_at) from fetches group by all"
    assert dict(fetching.rows(latest)) == urls
    fetching.check_store()
    assert not list((fetching.home.pictures / ".incoming").iterdir())


@pytest.mark.usefixtures("in_processes")
def test_lost_process(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A process that is killed in the middle costs what it had under way a try; all pictures are there in the end."""
    seen: list[int] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        number = int(request.path[1:])
        if number == 20 and not seen:
            seen.extend(_children(os.getpid(), "tasks.fetch.child"))
            os.kill(seen[0], signal.SIGKILL)
            await asyncio.sleep(0.2)
        return web.Response(body=picture(number))

    server.pages = {f"/{number}": answer for number in range(60)}
    fetching.want([server.url(path) for path in server.pages])
    assert fetching.run(concurrency=4, per_host=4).items == 60
    assert len(seen) == 2
    lost = fetching.rows("select count(*) from fetches where reason = 'cut_off' and http_status is null")[0][
        0
    ]
    assert 0 < lost <= 4
    assert not _children(os.getpid(), "tasks.fetch.child")
    fetching.check_store()


@pytest.mark.usefixtures("in_processes")
def test_processes_keep_ending(
    server: Any, fetching: Any, picture: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where processes end again and again, the run stops with an error that says what to do, and keeps what it has."""
    monkeypatch.setattr(processes, "MAX_LOST", 2)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        number = int(request.path[1:])
        if number >= 10:
            for child in _children(os.getpid(), "tasks.fetch.child"):
                os.kill(child, signal.SIGKILL)
        return web.Response(body=picture(number))

    server.pages = {f"/{number:03}": answer for number in range(40)}
    fetching.want([server.url(path) for path in server.pages])
    with pytest.raises(DownloadsCrashed, match="Run again"):
        fetching.run(concurrency=2, per_host=2)
    assert fetching.rows("select count(*) from pictures")[0][0] >= 8
    fetching.check_store()


def test_killed_run(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A run that is killed leaves no process behind."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response(body=picture(1))

    server.pages["/slow"] = answer
    fetching.want([server.url("/slow")])
    run = subprocess.Popen([sys.executable, "-c", RUN, str(fetching.home.folder)], cwd=ROOT)
    try:
        while not server.asked["/slow"]:
            assert run.poll() is None
            time.sleep(0.01)
        children = _children(run.pid, "tasks.fetch.child")
    finally:
        run.kill()
        run.wait(60)
    assert children
    until = time.monotonic() + 10
    while any(Path(f"/proc/{child}").exists() for child in children):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_full_disk(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A disk that is full stops the run with the advice that a person needs, also when a process found out."""
    fetching.want([server.serve("/a", picture(1) + bytes(3_000_000))])

    def no_large_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    command = [sys.executable, "-c", RUN, str(fetching.home.folder)]
    ended = subprocess.run(
        command, cwd=ROOT, preexec_fn=no_large_files, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.strip().splitlines()[-1].startswith("DiskFull: ")
    assert "Free some space" in ended.stderr


def test_light() -> None:
    """A process that downloads loads none of the table libraries: it starts fast, and several are no burden."""
    heavy = {"duckdb", "deltalake", "pyarrow", "polars", "numpy", "pydantic", "prefect"}
    code = f"import sys, tasks.fetch.child; print(*({heavy!r} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.split() == []


@pytest.mark.parametrize("url", ["http://a/ü\n\"'", "http://a/\udce4", "http://a/" + "y" * 100_000])
def test_jobs_survive_the_pipe(url: str) -> None:
    """Any address comes out of the pipe as it went in, on one line."""
    line = job_line(7, url)
    assert line.count(b"\n") == 1 and job_of(line) == (7, url)


@pytest.mark.parametrize(
    "ended",
    [
        Attempt(
            datetime(2026, 1, 2, 3, 4, 5, 6, UTC),
            0.25,
            200,
            picture=StoredFile("ab", 1, 2, 3, "jpeg", "p/ab.jpg"),
        ),
        Attempt(datetime(2026, 1, 2, tzinfo=UTC), 1.5, 429, Reason.BUSY, 30.0),
        Attempt(datetime(2026, 1, 2, tzinfo=UTC), 0.0, reason=Reason.TIMEOUT),
        Raised(disk_full=True, text="Free some space\nnow"),
    ],
)
def test_ends_survive_the_pipe(ended: Attempt | Raised) -> None:
    """How a try ended, or what broke down, comes out of the pipe as it went in."""
    assert end_of(end_line(12, ended)) == (12, ended)


def test_orders_survive_the_pipe() -> None:
    """So do the settings that a process fetches by."""
    options = FetchOptions(
        7, frozenset({"127.0.0.1", "nas"}), Limits(1, 2.5, 3.5, 4.5, 5.5, 6), (Path("/a b/ü"),), 3
    )
    order = DownloadJob(Path("/home folder"), "1-", options)
    assert order_of(order_line(order)) == order


def _children(parent: int, module: str) -> list[int]:
    """Processes that run the module and were started by the process."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            told = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            continue
        if (
            folder.name.isdecimal()
            and int(told[1]) == parent
            and told[0] != "Z"
            and module.encode() in command
        ):
            found.append(int(folder.name))
    return found
