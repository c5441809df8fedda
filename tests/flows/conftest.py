"""One Prefect server for the tests of the flows, a gallery, and the command line as its user runs it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
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

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def site() -> Iterator[tuple[GalleryServer, Gallery]]:
    """A gallery of 30 posts on loopback."""
    gallery, pictures = demo_gallery(posts=30)
    with GalleryServer([gallery], pictures) as server:
        yield server, gallery


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a client of a real Prefect server."""
    folder = tmp_path_factory.mktemp("prefect")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "PREFECT_HOME": str(folder),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
    }
    command = [BIN / "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _wait_until_healthy(environment["PREFECT_API_URL"], folder / "server.log")
            yield environment
        finally:
            server.terminate()
            server.wait(30)


def _wait_until_healthy(url: str, log: Path) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
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
        return subprocess.run(
            [BIN / "likelens", *arguments],
            cwd=folder,
            env={name: value for name, value in wanted.items() if value is not None},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

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
