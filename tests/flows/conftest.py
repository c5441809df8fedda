"""One Prefect server for the tests of the flows, a gallery, and the command line.

`likelens` starts a process. `command` runs the command line in the test's own process, which is faster.
Each test that starts a worker checks its log with `log_errors`; the server's is checked when it ends.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image

from flows.cli import main
from flows.demo.gallery import Gallery, demo_gallery
from flows.demo.server import GalleryServer
from flows.settings import read_settings
from tasks.fetch.download import FetchOptions
from tasks.fetch.stage import fetch_pictures
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.politeness import Politeness
from tasks.scrape.spool import Spool
from tasks.scrape.stage import ScrapeJob, scrape_source
from warehouse.database.publish import publish

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
SETTINGS = """
[[sources]]
name = "demo"
kind = "gallery"
profile = "imgrum"
url = "{url}"

[scrape]
delay_seconds = 0.02
full_days = 0
comments = {comments}

[fetch]
allow_private_hosts = ["127.0.0.1"]
concurrency = 4

[[classifiers]]
name = "visual"
kind = "visual"
"""

FEW_SETTINGS = """
[[sources]]
name = "few"
kind = "jsonl"
file = "posts.jsonl"

[[classifiers]]
name = "visual"
kind = "visual"

[rank]
min_posts = 3
"""

ENTRY = re.compile(r"^(?=\d\d:\d\d:\d\d\.\d{3} \| )", re.MULTILINE)
ERROR = re.compile(
    r"\| (?:ERROR|CRITICAL) +\||^Traceback \(most recent call last\)|^NoneType: None", re.MULTILINE
)
KNOWN_ERRORS = {
    "sqlite3.OperationalError: database is locked": "SQLite refuses a write when another one came between its"
    " transaction's read and write. Prefect repeats it: a heartbeat after 30 s, a service in its next loop.",
    "WebSocketDisconnected: WebSocket is not connected": "A stopped worker closes its connection while the server"
    " still sets it up; a running worker connects again.",
}
"""Errors in a log that do not harm a run, each with its reason."""

NEW_DATABASE = "new.db"
READ_AT_IMPORT = ("PREFECT_", "SSL_")
"""Prefect reads its settings, and aiohttp the certificates that it trusts, when it is imported."""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def site() -> Iterator[tuple[GalleryServer, Gallery]]:
    """A gallery of 30 posts on loopback."""
    gallery, pictures = demo_gallery(posts=30)
    with GalleryServer([gallery], pictures) as server:
        yield server, gallery


@pytest.fixture(scope="session", name="free_port")
def free_port_fixture() -> Callable[[], int]:
    """The function `free_port`."""
    return free_port


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def log_errors(text: str) -> list[str]:
    """Return a log's entries that report an error or have a traceback, without `KNOWN_ERRORS`."""
    entries = [entry for entry in ENTRY.split(text) if ERROR.search(entry)]
    return [entry for entry in entries if not any(known in entry for known in KNOWN_ERRORS)]


@pytest.fixture(scope="session", name="log_errors")
def log_errors_fixture() -> Callable[[str], list[str]]:
    """The function `log_errors`."""
    return log_errors


@pytest.fixture(scope="session")
def prefect(sharing: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A real Prefect server, which all workers of the test run share; the environment of its clients.

    It is started on another port than 4200, as the guide says.
    """

    def describe(folder: Path) -> Any:
        port = free_port()
        url = f"http://127.0.0.1:{port}/api"
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
            "PREFECT_HOME": str(folder),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "PREFECT_API_URL": url,
            # A waiting run checks this often whether it may start; Prefect's default is 30 s.
            "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "4",
            # Each query costs the worker and the server time that the runs need; Prefect's default is 10 s.
            "PREFECT_WORKER_QUERY_SECONDS": "4",
            "PREFECT_API_REQUEST_TIMEOUT": "300",
        }
        block = guide_block((ROOT / "docs" / "guide.md").read_text("utf-8"), port)
        return sharing.Service(["/bin/sh", "-c", block], environment, folder / "server.log", url)

    def check_log(server: Any) -> None:
        assert log_errors(server.log.read_text("utf-8")) == []

    def wait(server: Any, runs: Callable[[], bool]) -> None:
        wait_until_healthy(server.address, server.log, runs)
        copy_database(server.log.parent)

    with sharing.share(tmp_path_factory, "prefect", describe, wait, check_log) as server:
        yield dict(server.environment)


def guide_block(text: str, port: int) -> str:
    """The guide's shell block about another port, with this port; the server replaces the shell."""
    block = text.split("#### Another port\n", 1)[1].split("```sh\n", 1)[1].split("```", 1)[0]
    assert "4300" in block
    return block.replace("4300", str(port)).replace("prefect server start", "exec prefect server start")


def wait_until_healthy(url: str, log: Path, runs: Callable[[], bool]) -> None:
    """Wait until a Prefect server responds; fail with its log when it has ended."""
    until = time.monotonic() + 300
    while time.monotonic() < until and runs():
        try:
            urllib.request.urlopen(f"{url}/health", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
        else:
            return
    pytest.fail(f"The Prefect server did not start:\n{log.read_text()[-2000:]}")


def copy_database(folder: Path) -> None:
    """Copy the database that a Prefect server has just made, which took it ten seconds."""
    with (
        closing(sqlite3.connect(folder / "prefect.db")) as made,
        closing(sqlite3.connect(folder / NEW_DATABASE)) as copy,
    ):
        made.backup(copy)


@pytest.fixture(scope="session")
def new_prefect_database(prefect: dict[str, str]) -> Path:
    """The database of a Prefect server on which nothing has run."""
    return Path(prefect["PREFECT_HOME"]) / NEW_DATABASE


@pytest.fixture(scope="session")
def fork_server(
    prefect: dict[str, str], start_fork_server: Callable[..., AbstractContextManager[str]]
) -> Iterator[str]:
    """The address of a process that has imported what a run needs, with the Prefect server's settings."""
    with start_fork_server("commands", prefect) as address:
        yield address


@pytest.fixture(scope="session")
def likelens(prefect: dict[str, str], fork_server: str, forking: ModuleType) -> Run:
    """Run `likelens` as a process in a folder, with the Prefect server; a variable that is None is unset."""

    def run(folder: Path, *arguments: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
        variables = {name: value for name, value in {**prefect, **environment}.items() if value is not None}
        if any(name.startswith(READ_AT_IMPORT) for name in environment):
            command = [BIN / "likelens", *arguments]
            return subprocess.run(
                command, cwd=folder, env=variables, capture_output=True, text=True, timeout=600, check=False
            )
        start = {"cwd": folder, "env": variables, "timeout": 600}
        return forking.run_forked(fork_server, forking.LIKELENS, arguments, **start)

    return run


@pytest.fixture(scope="session")
def prefect_command(prefect: dict[str, str], fork_server: str, forking: ModuleType) -> Callable[..., str]:
    """Run `prefect` with the Prefect server in the repository; it has to succeed. Returns what it prints."""

    def run(*arguments: str | Path) -> str:
        start = {"cwd": ROOT, "env": prefect, "timeout": 600}
        ran = forking.run_forked(fork_server, forking.PREFECT, [str(one) for one in arguments], **start)
        assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
        return str(ran.stdout + ran.stderr)

    return run


@pytest.fixture(scope="session")
def save_secret(prefect: dict[str, str], fork_server: str, forking: ModuleType) -> Callable[[str, str], None]:
    """Save a Secret block, by its name, on the Prefect server."""

    def save(name: str, value: str) -> None:
        block = f"Secret(value={value!r}).save({name!r}, overwrite=True)"
        program = f"from prefect.blocks.system import Secret; {block}"
        start = {"cwd": ROOT, "env": prefect, "timeout": 600}
        ran = forking.run_forked(fork_server, forking.PROGRAM, [program], **start)
        assert ran.returncode == 0, ran.stderr[-2000:]

    return save


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run a command line in this process, without a Prefect server; for commands that start no flow."""

    def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        before = dict(os.environ)
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        for name in ("LIKELENS_HOME", "PREFECT_API_URL"):
            os.environ.pop(name, None)
        os.environ.update({"PREFECT_HOME": str(tmp_path / "no-profiles"), **environment})
        try:
            with pytest.raises(SystemExit) as caught:
                main(arguments)
        finally:
            os.environ.clear()
            os.environ.update(before)
        shown = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, int(caught.value.code or 0), shown.out, shown.err)

    return run


@pytest.fixture(scope="session")
def settings(site: tuple[GalleryServer, Gallery]) -> str:
    """Settings for the gallery; the comments are not read, which takes a run a third of its time."""
    server, gallery = site
    return SETTINGS.format(url=server.url(gallery), comments="false")


@pytest.fixture(scope="session")
def with_comments(site: tuple[GalleryServer, Gallery]) -> str:
    """Settings for the gallery whose comments are read, and get topics."""
    server, gallery = site
    return SETTINGS.format(url=server.url(gallery), comments="true")


@pytest.fixture(scope="session")
def without_classifiers(settings: str) -> str:
    """Settings for the gallery without a classifier: a run labels no picture and draws no chart."""
    return settings.partition("[[classifiers]]")[0]


@pytest.fixture
def studio(tmp_path: Path, settings: str) -> Path:
    """A folder with settings for the gallery."""
    (tmp_path / "likelens.toml").write_text(settings)
    return tmp_path


@pytest.fixture(scope="session")
def fetched(tmp_path_factory: pytest.TempPathFactory, settings: str) -> Path:
    """A folder with scraped posts and fetched pictures, published; tests copy it."""
    folder = tmp_path_factory.mktemp("fetched")
    (folder / "likelens.toml").write_text(settings)
    home = read_settings(folder / "likelens.toml").home
    home.prepare()
    (source,) = read_settings(folder / "likelens.toml").sources
    spool = Spool(home.spool("one") / "demo.jsonl")
    scrape_source(ScrapeJob(home, source, spool, ScrapeOptions(Politeness(0.0))), lambda *_: None)
    fetch_pictures(home, FetchOptions(4, frozenset({"127.0.0.1"})), lambda *_: None)
    publish(home)
    shutil.rmtree(spool.file.parent)
    return folder


@pytest.fixture
def unlabelled(fetched: Path, tmp_path: Path) -> Path:
    """A copy of `fetched`: posts and pictures that no classifier has labelled."""
    shutil.copytree(fetched, tmp_path, dirs_exist_ok=True)
    publish(read_settings(tmp_path / "likelens.toml").home)
    return tmp_path


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file of 20 posts, with a small picture each, and settings for it; a run needs no crawl."""
    folder = tmp_path_factory.mktemp("few")
    rows = []
    for number in range(20):
        colour = (12 * number, 90 + 7 * number, 255 - 11 * number)
        Image.new("RGB", (48, 32), colour).save(folder / f"{number}.png")
        row = {"v": 1, "account": "ann", "post_id": str(number), "url": f"https://pix.example/p/{number}"}
        times = {
            "posted_at": f"2026-01-{number + 1:02}T08:00:00Z",
            "observed_at": "2026-03-01T08:00:00Z",
        }
        rows.append(
            {**row, **times, "likes": 50 + 9 * number, "comments": number, "pictures": [f"{number}.png"]}
        )
    (folder / "posts.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    (folder / "likelens.toml").write_text(FEW_SETTINGS, "utf-8")
    return folder


@pytest.fixture(scope="session")
def few_fetched(few: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of `few` with its posts and pictures stored and published; no classifier has labelled them."""
    folder = tmp_path_factory.mktemp("few-fetched")
    shutil.copytree(few, folder, dirs_exist_ok=True)
    settings = read_settings(folder / "likelens.toml")
    settings.home.prepare()
    (source,) = settings.sources
    spool = Spool(settings.home.spool("one") / "few.jsonl")
    scrape_source(ScrapeJob(settings.home, source, spool, ScrapeOptions()), lambda *_: None)
    fetch_pictures(settings.home, FetchOptions(folders=source.folders), lambda *_: None)
    publish(settings.home)
    shutil.rmtree(spool.file.parent)
    return folder


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory, with_comments: str, likelens: Run) -> Path:
    """A folder after one run, which also read the comments. Tests only read it."""
    folder = tmp_path_factory.mktemp("ran")
    (folder / "likelens.toml").write_text(with_comments)
    process = likelens(folder, "run")
    assert process.returncode == 0, process.stderr[-3000:]
    return folder
