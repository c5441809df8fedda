"""Pictures of Prefect's pages and of the report, for the docs: `.venv/bin/python -m benchmarks.screenshots`.

It serves the gallery of the demo, starts `likelens serve` in a temporary folder, runs one night, and takes the pictures with
an installed Chromium. They are 1,200 pixels wide, and at most `MAX_BYTES` each. `--only report` takes those of a report that
exists: `--home demo`.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from flows.demo.gallery import demo_gallery
from flows.demo.server import GalleryServer

IMAGES = Path("docs/images")
WIDTH = 1200
MAX_BYTES = 200_000
COLOURS = (256, 128, 64, 32)
RUN_SECONDS = 1800.0
ATTEMPTS = 30
PAGE_SECONDS = 6.0
"""The pages of Prefect load their parts one after the other, and never end to ask for news."""
SETTINGS = """
note = "The photographs are real; likes, comments, captions and places are invented."

[[sources]]
name = "ann"
kind = "gallery"
profile = "imgrum"
url = "{url}"

[scrape]
delay_seconds = 0.05

[fetch]
allow_private_hosts = ["127.0.0.1"]

[rank]
min_posts = 5

[server]
port = {port}

[[classifiers]]
name = "objects"
kind = "keras"
application = "EfficientNetLite0"
top = 1

[[classifiers]]
name = "visual"
kind = "visual"
"""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture: its file, the address of the page, and its height in pixels."""

    file: str
    url: str
    height: int


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("prefect", "report"))
    parser.add_argument(
        "--home", type=Path, help="the home folder whose report is shown, in place of that of the run"
    )
    options = parser.parse_args()
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        sys.exit("There is no Chromium. Install the package chromium of your system.")
    if options.only == "report" and options.home:
        take([_report(options.home)], browser)
        return
    with tempfile.TemporaryDirectory(prefix="likelens-") as folder, served_night(Path(folder)) as api:
        shots = [] if options.only == "report" else list(_pages(api))
        if options.only != "prefect":
            shots.append(_report(options.home or Path(folder) / "data"))
        take(shots, browser)


def _report(home: Path) -> Shot:
    return Shot("report.png", (home / "report" / "report.html").absolute().as_uri(), 1250)


def _pages(api: str) -> Iterator[Shot]:
    base = api.removesuffix("/api")
    (run,) = call(api, "flow_runs/filter", {"flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}})
    artifacts = {one["key"]: one["id"] for one in call(api, "artifacts/filter", {})}
    yield Shot("prefect-runs.png", f"{base}/runs", 800)
    yield Shot("prefect-run.png", f"{base}/runs/flow-run/{run['id']}", 900)
    yield Shot("prefect-summary.png", f"{base}/artifacts/artifact/{artifacts['nightly-summary']}", 860)
    yield Shot("prefect-ranking.png", f"{base}/artifacts/artifact/{artifacts['top-objects-likes-lift']}", 600)
    yield Shot("prefect-chart.png", f"{base}/artifacts/artifact/{artifacts['chart-objects-likes-lift']}", 600)
    yield Shot("prefect-deployments.png", f"{base}/deployments", 650)
    yield Shot("prefect-automations.png", f"{base}/automations", 650)


@contextmanager
def served_night(folder: Path) -> Iterator[str]:
    """The API of a server of `likelens serve` with one complete night."""
    gallery, pictures = demo_gallery(posts=60)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    api = f"http://127.0.0.1:{port}/api"
    with GalleryServer([gallery], pictures) as site:
        (folder / "likelens.toml").write_text(SETTINGS.format(url=site.url(gallery), port=port), "utf-8")
        likelens = Path(sys.executable).with_name("likelens")
        command = [likelens, "serve", "--notify", "http://127.0.0.1:9/"]
        process = subprocess.Popen(command, cwd=folder)
        try:
            wait_until(lambda: responds(api, process))
            deployment = call(api, "deployments/name/nightly/nightly")["id"]
            run = call(api, f"deployments/{deployment}/create_flow_run", {})["id"]
            wait_until(lambda: call(api, f"flow_runs/{run}")["state_type"] == "COMPLETED")
            yield api
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def responds(api: str, process: subprocess.Popen[bytes]) -> bool:
    """Whether the server has the deployments. Raises `RuntimeError` when the command has ended."""
    if process.poll() is not None:
        raise RuntimeError("likelens serve has ended; its messages are above")
    try:
        return bool(call(api, "work_pools/likelens/workers/filter", {}))
    except OSError:
        return False


def wait_until(condition: Any) -> None:
    """Wait for a condition."""
    until = time.monotonic() + RUN_SECONDS
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"not within {RUN_SECONDS:.0f} s")
        time.sleep(1)


def call(api: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """What the server returns; with a body it is a POST."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{api}/{path}", data, {"Content-Type": "application/json"})  # noqa: S310
    for attempt in range(ATTEMPTS):
        try:
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
                return json.load(response)
        except urllib.error.HTTPError as error:
            # SQLite is busy.
            if error.code != 503 or attempt == ATTEMPTS - 1:
                raise
        time.sleep(1)
    return None


def take(shots: list[Shot], browser: str) -> None:
    """Take the pictures, and print their sizes."""
    from playwright.sync_api import sync_playwright

    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for shot in shots:
            page = chromium.new_page(viewport={"width": WIDTH, "height": shot.height}, color_scheme="light")
            page.goto(shot.url)
            page.wait_for_timeout(PAGE_SECONDS * 1000)
            data = shrink(page.screenshot())
            page.close()
            (IMAGES / shot.file).write_bytes(data)
            print(f"{IMAGES / shot.file}  {len(data):,} bytes")
        chromium.close()


def shrink(data: bytes) -> bytes:
    """A PNG with as many colours as `MAX_BYTES` allows."""
    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    for colours in COLOURS:
        out = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() <= MAX_BYTES:
            break
    return out.getvalue()


if __name__ == "__main__":
    main()
