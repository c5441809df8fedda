"""Pictures a second through the lane `clarifai`, against a stand-in that takes 200 ms for each answer.

The stand-in runs in a process of its own, takes 15 requests a second and says so to any more, as Clarifai
does. Beside the lane stands what a user would write first: a loop with one call a picture. The lane stores labels,
and the ledger before and after each request; the loop stores nothing. What is possible at all is the limit of
requests times the pictures in a request.
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
from warehouse.tables import Picture

SECONDS = 0.2
PER_SECOND = 15
KEY = "a-key-that-works"
CASES = ((8, 2_400), (32, 9_600), (128, 38_400))
"""Pictures in a request, and pictures in all."""
LOOPED = 30
LONGER_SIDE = 320
BYTES_READ = 20_000
STAND_IN = Path(__file__).resolve().parents[1] / "tests" / "clarifai_server.py"


@contextmanager
def stand_in() -> Iterator[str]:
    """A stand-in in a process of its own; its address."""
    command = [sys.executable, str(STAND_IN), "--seconds", str(SECONDS), "--per-second", str(PER_SECOND)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()


def photographs() -> list[bytes]:
    """Some photographs as a feed has them, small."""
    found = []
    for image in (data.astronaut(), data.chelsea(), data.coffee(), data.rocket()):
        photograph = Image.fromarray(image)
        photograph.thumbnail((LONGER_SIDE, LONGER_SIDE))
        written = io.BytesIO()
        photograph.save(written, "JPEG", quality=85)
        found.append(written.getvalue())
    return found


def fill(home: Home, count: int) -> None:
    """Store that many pictures. What stands after the end of a JPEG makes each file another one."""
    home.prepare()
    base = photographs()
    for start in range(0, count, BYTES_READ):
        rows = []
        for number in range(start, min(count, start + BYTES_READ)):
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
    """Seconds that the lane takes for all pictures of a home folder, from its start to its end."""
    options = ClarifaiOptions(batch=batch, monthly_budget=10**9, requests_per_second=PER_SECOND)
    begun = time.perf_counter()
    ended = tag_pictures(home, Tagging("clarifai", options, lambda: KEY, base), lambda *_: None)
    seconds = time.perf_counter() - begun
    assert ended.status == "done", ended.message
    return seconds


def loop(home: Home, base: str) -> float:
    """Pictures a second with one call a picture, one after the other."""
    options = ClarifaiOptions()
    files = sorted((home.folder / "pictures").rglob("*.jpg"))[:LOOPED]
    client = open_client("clarifai", options, base, KEY)
    begun = time.perf_counter()
    for file in files:
        one = payload(file, file.stem, 0, upright=False)
        answer = client.send(options.model, options.version_of(options.model), [one]).answer()
        assert isinstance(answer, bytes)
    return len(files) / (time.perf_counter() - begun)


def main() -> None:
    """Print a line for each number of pictures in a request."""
    logging.basicConfig(format="%(message)s")
    print(
        f"{'pictures a request':>18}{'pictures':>10}{'seconds':>9}{'a second':>10}{'possible':>10}{'share':>7}"
    )
    with stand_in() as base:
        for batch, count in CASES:
            with tempfile.TemporaryDirectory() as folder:
                home = Home(Path(folder))
                fill(home, count)
                seconds = lane(home, base, batch)
                looped = loop(home, base)
            possible = PER_SECOND * batch
            rate = count / seconds
            print(
                f"{batch:>18}{count:>10,}{seconds:>9.1f}{rate:>10,.1f}{possible:>10,}{rate / possible:>7.1%}"
            )
    print(f"A loop with one call a picture: {looped:.1f} pictures a second")
    print(f"Peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
