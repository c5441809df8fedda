"""Pictures per second through a lane of captions, against a fake server that responds after half a second.

The fake server runs in a process of its own and works on any number of requests at once. The comparison is a loop
with one call after the other, which a user would write first, and which stores nothing. The possible rate is the
number of requests in flight times two.
"""

from __future__ import annotations

import logging
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.clarifai import fill
from classifiers.caption.client import open_client
from classifiers.caption.options import CaptionOptions
from classifiers.caption.payload import payload
from tasks.tag.stage import Tagging, tag_pictures
from warehouse.home import Home

SECONDS = 0.5
CASES = ((1, 40), (4, 160), (16, 640), (64, 1_920))
"""Requests in flight, and pictures in total."""
LOOP_PICTURES = 10
FAKE_SERVER = Path(__file__).resolve().parents[1] / "tests" / "chat_server.py"


@contextmanager
def fake_server() -> Iterator[str]:
    """A fake server in a process of its own; its address."""
    command = [sys.executable, str(FAKE_SERVER), "--seconds", str(SECONDS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        finally:
            server.terminate()


def lane(home: Home, options: CaptionOptions) -> float:
    """Seconds that the lane takes for all pictures of a home folder."""
    started = time.perf_counter()
    result = tag_pictures(home, Tagging("captions", options, lambda: None), lambda *_: None)
    seconds = time.perf_counter() - started
    assert result.status == "done", result.message
    return seconds


def loop(home: Home, options: CaptionOptions) -> float:
    """Pictures per second with one call after the other."""
    files = sorted((home.folder / "pictures").rglob("*.jpg"))[:LOOP_PICTURES]
    with closing(open_client("captions", options, None)) as client:
        model = client.current_version("")
        started = time.perf_counter()
        for file in files:
            one = payload(file, file.stem, options.longest_side)
            assert isinstance(client.send(model, "", [one]).receive(), bytes)
        return len(files) / (time.perf_counter() - started)


def main() -> None:
    """Print a line for each number of requests in flight."""
    logging.basicConfig(format="%(message)s")
    print(f"{'in flight':>10}{'pictures':>10}{'seconds':>9}{'a second':>10}{'possible':>10}{'share':>7}")
    with fake_server() as base:
        for in_flight, count in CASES:
            options = CaptionOptions(base_url=base, in_flight=in_flight, requests_per_second=1000)
            with tempfile.TemporaryDirectory() as folder:
                home = Home(Path(folder))
                fill(home, count)
                seconds = lane(home, options)
                loop_rate = loop(home, options)
            rate, possible = count / seconds, in_flight / SECONDS
            print(
                f"{in_flight:>10}{count:>10,}{seconds:>9.1f}{rate:>10.1f}{possible:>10.0f}{rate / possible:>7.1%}"
            )
    print(f"A loop with one call after the other: {loop_rate:.2f} pictures a second")
    print(f"Peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
