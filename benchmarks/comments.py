"""Reading the language, tone, spam and questions of generated comments: processor seconds and peak memory of a run.

The second run finds nothing new. `--comments` sets how many are stored. A comment is a text in one of eight languages
with a number, so that all differ.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from warehouse.home import Home
from warehouse.schema.tables import Comment

TEXTS = (
    "What a wonderful evening, I love these colours!", "So beautiful 😍😍", "Where is this? I want to go there", "🔥🔥🔥",
    "Not my favourite, the sky looks fake and the crop is bad", "@ann look at this #sunset", "nice", "DM @photo.world for a feature",
    "Was für ein schöner Abend am Strand, da wäre ich jetzt gern", "Qué lugar tan bonito, ¿dónde está?",
    "Que foto linda, parabéns pelo trabalho 👏", "Magnifique lumière, bravo pour cette série", "Che meraviglia questo tramonto",
    "とても綺麗な写真ですね、どこで撮ったのですか", "какая красивая фотография, где это снято?", "Harika bir manzara, neresi burası",
)  # fmt: skip
ROWS_OF_A_WRITE = 50_000


def main() -> None:
    """Print the figures of two runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comments", type=int, default=100_000)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        _read(Home(options.read))
        return
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        home.prepare()
        comments = _comments(options.comments)
        while rows := list(islice(comments, ROWS_OF_A_WRITE)):
            home.lake.append(rows)
        for title in ("first run", "second run, nothing new"):
            command = [sys.executable, "-m", "benchmarks.comments", "--read", str(home.folder)]
            result = subprocess.run(command, check=True, capture_output=True, text=True)
            print(f"{title:24} {result.stdout.strip()}")


def _comments(number: int) -> Iterator[Comment]:
    choices = random.Random(1)
    for place in range(number):
        yield Comment(
            source="s", post_id=f"p{place // 20}", comment_id=str(place), parent_id=None, author=None,
            text=f"{choices.choice(TEXTS)} {place}", posted_at=None, likes=None,
        )  # fmt: skip


def _ignore(done: int, total: int) -> None:
    """The progress of the stage is not shown."""


def _read(home: Home) -> None:
    from tasks.read_comments.stage import read_comments

    started, used = time.perf_counter(), time.process_time()
    result = read_comments(home, "hashed", _ignore)
    elapsed, used = time.perf_counter() - started, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{result.items:>9,} comments {elapsed:7.2f} s {used:7.2f} s of processor time {peak:6.0f} MB at the peak"
    )


if __name__ == "__main__":
    main()
