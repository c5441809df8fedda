"""The report over a synthetic home: seconds of the stage, and the size of its page.

The home is that of `benchmarks.warehouse` with three classifiers. Its pictures share a few files, because only those
that the page shows are read. The first report makes the thumbnails, the second one finds them. With `--profile` the
second one prints where its time goes.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.warehouse.gallery import CLASSIFIER, LABELS_PER_POST, fill
from tasks.report.stage import write_report
from warehouse.home import Home
from warehouse.ranking.measures import RUN_BY
from warehouse.ranking.ranking_query import RankingQuery

OTHERS = ("d", "e")
FILES = 40
SIZE = (1080, 1350)
"""Width and height of a picture in pixels: Instagram's longest format."""


def add_pictures(home: Home) -> None:
    """Write some pictures, and link each stored picture to one of them."""
    draw = np.random.default_rng(1)
    files = []
    for number in range(FILES):
        # Colour in soft shapes, as in a photograph: noise of a few pixels, enlarged.
        noise = draw.integers(0, 256, (27, 22, 3), dtype=np.uint8)
        files.append(home.folder / f"picture-{number}.jpg")
        Image.fromarray(noise).resize(SIZE, Image.Resampling.BICUBIC).save(files[-1], quality=90)
    for number, (path,) in enumerate(home.lake.query("select path from pictures order by path")):
        (home.folder / str(path)).symlink_to(files[number % FILES])


def measure(home: Home, *, profile: bool) -> None:
    """Write the report twice, and print the figures of each."""
    questions = [RankingQuery(name, by, "lift") for name in (CLASSIFIER, *OTHERS) for by in RUN_BY]
    for name in ("first report", "second report"):
        watch = cProfile.Profile()
        begin, used = time.perf_counter(), time.process_time()
        if profile and name == "second report":
            watch.enable()
        page = write_report(home, questions, None)
        watch.disable()
        seconds, processor = time.perf_counter() - begin, time.process_time() - used
        size = page.stat().st_size / 1e6
        print(f"{name}: {seconds:.1f} s, {processor:.1f} processor s, page of {size:.2f} MB")
    stored = [file.stat().st_size for file in home.thumbnails.rglob("*.webp")]
    print(f"{len(stored)} thumbnails, {sum(stored) / 1e3 / max(1, len(stored)):.1f} kB each")
    print(
        f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB, load {os.getloadavg()[0]:.1f}"
    )
    if profile:
        pstats.Stats(watch).sort_stats("cumulative").print_stats(45)


def main() -> None:
    """Read the options, fill the home unless it exists, and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("--posts", type=int, default=50_000)
    parser.add_argument("--folder", type=Path, help="the home, filled if new; default: a temporary folder")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = Home(options.folder or Path(temporary) / "home")
        if not home.database.exists():
            fill(home, options.posts * LABELS_PER_POST, others=OTHERS)
            add_pictures(home)
        measure(home, profile=options.profile)


if __name__ == "__main__":
    main()
