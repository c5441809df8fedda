"""One more batch on top of many rows: appends check which keys are stored, and hashes have no order in time.

`python -m benchmarks.scale.batches ROWS …` fills a home folder with so many rows of labels for each number, and prints
processor seconds. The homes come from `benchmarks.warehouse.gallery`; with `--folder` they stay.
"""

from __future__ import annotations

import argparse
import json
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.scale.nights import Shown, fetch_row, label_rows, picture_row
from benchmarks.scale.rates import Rates
from benchmarks.warehouse.gallery import CLASSIFIER, fill
from tasks.classify.storing import STORE_PICTURES
from tasks.fetch.results import BATCH_ROWS
from warehouse.home import Home

ROUNDS = 3
RATES = Rates(pictures=1, accounts=1)
NOW = datetime(2027, 1, 1, tzinfo=UTC)


def measure(home: Home) -> dict[str, float]:
    """Processor seconds of each batch, medians of the rounds."""
    works: dict[str, Callable[[datetime], object]] = {
        f"{BATCH_ROWS:,} pictures": lambda at: home.lake.append(
            [picture_row(one, at) for one in _new(BATCH_ROWS)]
        ),
        f"{BATCH_ROWS:,} fetches": lambda at: home.lake.append(
            [fetch_row(one, at) for one in _new(BATCH_ROWS)]
        ),
        f"labels of {STORE_PICTURES:,} pictures, hashes from all": lambda at: _label(
            home, _new(STORE_PICTURES), at
        ),
        f"labels of {STORE_PICTURES:,} pictures, hashes of a 256th": lambda at: _label(
            home, _new(STORE_PICTURES, "7f"), at
        ),
    }
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for number in range(ROUNDS):
        for name, work in works.items():
            begin = time.process_time()
            work(NOW + timedelta(hours=number))
            seconds[name].append(time.process_time() - begin)
    return {name: statistics.median(times) for name, times in seconds.items()}


def _new(count: int, first: str = "") -> list[Shown]:
    hashes = sorted(first + secrets.token_hex(32)[len(first) :] for _ in range(count))
    return [Shown("s", "1", 0, f"https://files.example.social/{one}.jpg", one, NOW) for one in hashes]


def _label(home: Home, pictures: Sequence[Shown], at: datetime) -> None:
    rows = (row for one in pictures for row in label_rows(RATES, one, 0, at))
    home.lake.append([replace(row, classifier=CLASSIFIER) for row in rows])


def main() -> None:
    """Fill and measure each size in a process of its own, and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale.batches", description=__doc__)
    parser.add_argument("rows", type=float, nargs="+", help="rows of labels; five for a picture")
    parser.add_argument("--folder", type=Path, help="where the homes are")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(Home(options.folder))))
        return
    columns = {}
    with tempfile.TemporaryDirectory() as temporary:
        for rows in map(int, options.rows):
            home = Home((options.folder or Path(temporary)) / f"home-{rows}")
            if not home.database.exists():
                fill(home, rows)
            command = [
                sys.executable,
                "-m",
                "benchmarks.scale.batches",
                "1",
                "--one",
                "--folder",
                str(home.folder),
            ]
            columns[rows] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    print("| rows of labels | " + " | ".join(f"{rows:,}" for rows in columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for name in next(iter(columns.values())):
        print(f"| {name} | " + " | ".join(f"{column[name]:.2f}" for column in columns.values()) + " |")


if __name__ == "__main__":
    main()
