"""What a cluster costs and gives, beside threads.

    python -m benchmarks.cluster.labelling [--pictures N] [--wait SECONDS]

Each line is a process of its own. Its workers have loaded the model before the time begins. The pictures are tiny, so that
what is measured is what the runner adds.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.cluster.waiting import BATCH, WaitingOptions, load
from tasks.classify.on_cluster import lane
from tasks.classify.on_cluster.items import LaneModel
from tasks.classify.on_cluster.lane import LaneWorkers
from tasks.classify.stage import label_pictures
from tasks.cluster.opening import ClusterSession
from tasks.cluster.options import ClusterOptions
from tasks.cluster.versions import run_on_each
from warehouse.home import Home
from warehouse.schema.picture_tables import Picture

WAIT_SECONDS = 0.1
"""Of a batch, where the model is the limit: 160 pictures a second."""


def store_pictures(home: Home, count: int) -> None:
    """Store tiny pictures, all different."""
    home.prepare()
    home.pictures.mkdir(parents=True, exist_ok=True)
    numbers = iter(range(count))
    while portion := list(islice(numbers, 5000)):
        home.lake.append([_store(home, number) for number in portion])


def _store(home: Home, number: int) -> Picture:
    data = io.BytesIO()
    Image.new("RGB", (4, 4), (number % 256, number // 256 % 256, number // 65536)).save(data, "BMP")
    sha256 = hashlib.sha256(data.getvalue()).hexdigest()
    path = f"pictures/{sha256}.bmp"
    (home.folder / path).write_bytes(data.getvalue())
    now = datetime.now(UTC)
    return Picture(
        sha256=sha256, bytes=len(data.getvalue()), width=4, height=4, format="bmp", path=path, fetched_at=now
    )


@contextmanager
def open_workers(runner: str, workers: int, model: LaneModel) -> Iterator[LaneWorkers | None]:
    """Workers that have loaded the model; None for threads."""
    if runner == "threads":
        yield None
        return
    with ClusterSession(ClusterOptions(runner, workers=workers)) as session:  # type: ignore[arg-type]
        run_on_each(session.open(), lane.describe_model, (model,), 600)
        yield LaneWorkers(session, model)


def measure(folder: Path, runner: str, workers: int, wait: float, as_bytes: bool) -> dict[str, Any]:
    """Label all pictures of a home folder in this process."""
    options = WaitingOptions(seconds=wait)
    name = f"{runner}-{workers}-{wait}-{as_bytes}"
    if as_bytes:
        lane._workers_see = lambda *_: False  # noqa: SLF001 - as where the storage is not shared
    with open_workers(runner, workers, LaneModel("waiting", name, options)) as open_ones:
        cpu, started = time.process_time(), time.monotonic()
        result = label_pictures(Home(folder), load(name, options), lambda *_: None, workers=open_ones)
        seconds, cpu = time.monotonic() - started, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"pictures": result.items, "seconds": seconds, "cpu": cpu, "peak": peak}


def measure_apart(
    folder: Path, runner: str, workers: int, wait: float, as_bytes: bool = False
) -> dict[str, Any]:
    """The same in a process of its own."""
    arguments = [str(folder), runner, str(workers), str(wait), str(int(as_bytes))]
    command = [sys.executable, "-m", "benchmarks.cluster.labelling", "--one", *arguments]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])
    limit = found["pictures"] / BATCH * wait / max(workers, 1)
    used = f"{limit / found['seconds']:.2f}" if wait else ""
    how = f"{runner}, {workers} workers" if workers else runner
    print(
        f"| {how}{', bytes' if as_bytes else ''} | {found['pictures']:,} | {wait * 1000:.0f} | {found['seconds']:.1f} |"
        f" {found['seconds'] / found['pictures'] * 1000:.2f} | {found['cpu'] / found['pictures'] * 1000:.2f} |"
        f" {found['peak']:.0f} | {used} |",
        flush=True,
    )
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=4000)
    parser.add_argument("--wait", type=float, default=WAIT_SECONDS, help="seconds of a batch")
    parser.add_argument("--ray", action="store_true")
    parser.add_argument("--one", nargs=5)
    given = parser.parse_args()
    if given.one:
        folder, runner, workers, wait, as_bytes = given.one
        print(json.dumps(measure(Path(folder), runner, int(workers), float(wait), as_bytes == "1")))
        return
    with tempfile.TemporaryDirectory() as scratch:
        small, large = Home(Path(scratch) / "small"), Home(Path(scratch) / "large")
        store_pictures(small, given.pictures)
        store_pictures(large, given.pictures * 10)
        print(
            "| runner | pictures | ms of a batch | s | ms a picture | CPU ms a picture, driver | driver MB | of the limit |"
        )
        print("|---|---|---|---|---|---|---|---|")
        for wait in (0.0, given.wait):
            measure_apart(small.folder, "threads", 0, wait)
            measure_apart(small.folder, "dask", 1, wait)
            measure_apart(small.folder, "dask", 2, wait)
        measure_apart(small.folder, "dask", 2, 0.0, as_bytes=True)
        measure_apart(large.folder, "dask", 2, 0.0)
        measure_apart(large.folder, "dask", 2, 0.0, as_bytes=True)
        if given.ray:
            measure_apart(small.folder, "ray", 2, given.wait)


if __name__ == "__main__":
    main()
