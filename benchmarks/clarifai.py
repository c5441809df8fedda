"""Pictures per second through the lane `clarifai`, against a fake server that responds after 200 ms.

The fake server runs in a process of its own, and rejects more than 15 requests a second, as Clarifai does. The
comparison is a loop with one call per picture, which a user would write first. The lane stores labels, and the
ledger before and after each request; the loop stores nothing. The possible rate is the limit of requests times
the pictures in a request.
"""

from __future__ import annotations

import hashlib
import io
import logging
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image
from skimage import data

from classifiers.clarifai.client import open_client
from classifiers.clarifai.options import ClarifaiOptions
from classifiers.clarifai.payload import payload
from tasks.tag.stage import Tagging, tag_pictures
from warehouse.home import Home
from warehouse.schema.picture_tables import Picture

SECONDS = 0.2
PER_SECOND = 15
KEY = "a-key-that-works"
CASES = ((8, 2_400), (32, 9_600), (128, 38_400))
"""Pictures per request, and pictures in total."""
LOOP_PICTURES = 30
LONGER_SIDE = 320
PICTURES_PER_APPEND = 20_000
FAKE_SERVER = Path(__file__).resolve().parents[1] / "tests" / "clarifai_server.py"


@contextmanager
def fake_server() -> Iterator[str]:
    """A fake Clarifai in a process of its own; its address."""
    command = [sys.executable, str(FAKE_SERVER), "--seconds", str(SECONDS), "--per-second", str(PER_SECOND)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()


def photographs() -> list[bytes]:
    """Some small photographs."""
    files = []
    for image in (data.astronaut(), data.chelsea(), data.coffee(), data.rocket()):
        photograph = Image.fromarray(image)
        photograph.thumbnail((LONGER_SIDE, LONGER_SIDE))
        file = io.BytesIO()
        photograph.save(file, "JPEG", quality=85)
        files.append(file.getvalue())
    return files


def fill(home: Home, count: int) -> None:
    """Store that many pictures. Bytes after the end of the JPEG make each file different."""
    home.prepare()
    base = photographs()
    for start in range(0, count, PICTURES_PER_APPEND):
        rows = []
        for number in range(start, min(count, start + PICTURES_PER_APPEND)):
            content = base[number % len(base)] + number.to_bytes(4, "big")
            sha256 = hashlib.sha256(content).hexdigest()
            path = Path("pictures") / sha256[:2] / f"{sha256}.jpg"
            (home.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (home.folder / path).write_bytes(content)
            rows.append(
                Picture(
                    sha256=sha256,
                    bytes=len(content),
                    width=LONGER_SIDE,
                    height=LONGER_SIDE,
                    format="jpeg",
                    path=path.as_posix(),
                    fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
                )
            )
        home.lake.append(rows)


def lane(home: Home, base: str, batch: int) -> float:
    """Seconds that the lane takes for all pictures of a home folder."""
    options = ClarifaiOptions(batch=batch, monthly_budget=10**9, requests_per_second=PER_SECOND)
    started = time.perf_counter()
    result = tag_pictures(home, Tagging("clarifai", options, lambda: KEY, base), lambda *_: None)
    seconds = time.perf_counter() - started
    assert result.status == "done", result.message
    return seconds


def loop(home: Home, base: str) -> float:
    """Pictures per second with one call per picture, one after the other."""
    options = ClarifaiOptions()
    files = sorted((home.folder / "pictures").rglob("*.jpg"))[:LOOP_PICTURES]
    client = open_client("clarifai", options, base, KEY)
    started = time.perf_counter()
    for file in files:
        one = payload(file, file.stem, 0, upright=False)
        response = client.send(options.model, options.version_of(options.model), [one]).receive()
        assert isinstance(response, bytes)
    return len(files) / (time.perf_counter() - started)


def main() -> None:
    """Print a line for each number of pictures per request."""
    logging.basicConfig(format="%(message)s")
    print(
        f"{'pictures a request':>18}{'pictures':>10}{'seconds':>9}{'a second':>10}{'possible':>10}{'share':>7}"
    )
    with fake_server() as base:
        for batch, count in CASES:
            with tempfile.TemporaryDirectory() as folder:
                home = Home(Path(folder))
                fill(home, count)
                seconds = lane(home, base, batch)
                loop_rate = loop(home, base)
            possible = PER_SECOND * batch
            rate = count / seconds
            print(
                f"{batch:>18}{count:>10,}{seconds:>9.1f}{rate:>10,.1f}{possible:>10,}{rate / possible:>7.1%}"
            )
    print(f"A loop with one call per picture: {loop_rate:.1f} pictures a second")
    print(f"Peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
