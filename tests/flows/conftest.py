"""One Prefect server for the tests of the flows, a gallery, and the command line as its user runs it.

Whoever starts a server or a worker here reads its log: `log_errors` finds the lines that no night may have.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from flows.demo.gallery import Gallery, demo_gallery
from flows.demo.server import GalleryServer

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

[fetch]
allow_private_hosts = ["127.0.0.1"]
concurrency = 4

[[classifiers]]
name = "visual"
kind = "visual"
"""

ENTRY = re.compile(r"^(?=\d\d:\d\d:\d\d\.\d{3} \| )", re.MULTILINE)
ERROR = re.compile(
    r"\| (?:ERROR|CRITICAL) +\||^Traceback \(most recent call last\)|^NoneType: None", re.MULTILINE
)
KNOWN_ERRORS = {
    "sqlite3.OperationalError: database is locked": "On a busy machine SQLite refuses a write when another one came "
    "between its transaction's read and write. Prefect repeats it: the heartbeat of a worker after 30 s, a service "
    "in its next loop, a client's request after the answer 503.",
    "WebSocketDisconnected: WebSocket is not connected": "A worker that is stopped leaves while the server still sets "
    "up its connection; a running one connects again.",
}
"""Errors in a log that cost a night nothing, each with its reason."""

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
    """A port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def log_errors(text: str) -> list[str]:
    """Entries of a server's or worker's log that report an error or have a traceback, without those that are known."""
    entries = [entry for entry in ENTRY.split(text) if ERROR.search(entry)]
    return [entry for entry in entries if not any(known in entry for known in KNOWN_ERRORS)]


@pytest.fixture(scope="session", name="log_errors")
def log_errors_fixture() -> Callable[[str], list[str]]:
    """The function `log_errors`."""
    return log_errors


@contextmanager
def serving(
    command: Sequence[str | Path], environment: Mapping[str, str], url: str, log: Path
) -> Iterator[None]:
    """Run a Prefect server with this address of its API until the block ends, then read its log."""
    with log.open("wb") as written:
        server = subprocess.Popen(command, env=environment, stdout=written, stderr=written)
        try:
            _wait_until_healthy(server, url, log)
            yield
        finally:
            server.terminate()
            server.wait(60)
    assert log_errors(log.read_text("utf-8")) == []


@pytest.fixture(scope="session", name="serving")
def serving_fixture() -> Callable[..., AbstractContextManager[None]]:
    """The context manager `serving`."""
    return serving


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a client of a real Prefect server."""
    folder = tmp_path_factory.mktemp("prefect")
    port = free_port()
    environment = {
        **os.environ,
        "PREFECT_HOME": str(folder),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
    }
    command = [BIN / "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with serving(command, environment, environment["PREFECT_API_URL"], folder / "server.log"):
        yield environment


def _wait_until_healthy(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + 300
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/health", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
        else:
            return
    pytest.fail(f"The Prefect server did not start:\n{log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def likelens(prefect: dict[str, str]) -> Run:
    """Run a command of ours in a folder, with the Prefect server unless told otherwise."""

    def run(folder: Path, *arguments: str, **environment: str | None) -> subprocess.CompletedProcess[str]:
        wanted = {**prefect, **environment}
        ran = subprocess.run(
            [BIN / "likelens", *arguments],
            cwd=folder,
            env={name: value for name, value in wanted.items() if value is not None},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        # The server that a run brings writes to the run's standard error.
        assert [line for line in log_errors(ran.stderr) if "prefect.server" in line] == []
        return ran

    return run


@pytest.fixture(scope="session")
def settings(site: tuple[GalleryServer, Gallery]) -> str:
    """Settings for the gallery."""
    server, gallery = site
    return SETTINGS.format(url=server.url(gallery))


@pytest.fixture
def studio(tmp_path: Path, settings: str) -> Path:
    """A folder with settings for the gallery."""
    (tmp_path / "likelens.toml").write_text(settings)
    return tmp_path
