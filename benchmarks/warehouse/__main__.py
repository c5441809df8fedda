"""Measure rankings, lift and a night on homes of several sizes, and print a table with a column for each.

A home is filled once; with `--folder` it stays there, and a later run uses it again.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SIZES = (1e5, 1e6, 1e7)
STEPS = ("fill", "rankings", "memory", "nights")


def main() -> None:
    """Read the options, run each step of each size in a process of its own, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.warehouse", description=__doc__)
    parser.add_argument("--rows", type=float, nargs="+", default=SIZES, help="rows of labels")
    parser.add_argument("--folder", type=Path, help="where the homes are; default: a temporary folder")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    columns: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for rows in map(int, options.rows):
            home = (options.folder or Path(temporary)) / f"home-{rows}"
            if not (home / "likelens.duckdb").exists():
                shutil.rmtree(home, ignore_errors=True)
            columns[f"{rows:,}"] = measure(home, rows, options.rounds)
    print(f"load {os.getloadavg()[0]:.1f}")
    names = dict.fromkeys(name for figures in columns.values() for name in figures)
    print(f"{'rows of labels':<44}" + "".join(f"{size:>14}" for size in columns))
    for name in names:
        figures = (f"{column[name]:,.2f}" if name in column else "" for column in columns.values())
        print(f"{name:<44}" + "".join(f"{figure:>14}" for figure in figures))


def measure(home: Path, rows: int, rounds: int) -> dict[str, float]:
    """The figures of one size."""
    figures: dict[str, float] = {}
    for step in STEPS:
        if step == "fill" and home.exists():
            continue
        command = [
            sys.executable,
            "-m",
            "benchmarks.warehouse.measure",
            step,
            str(home),
            str(rows),
            str(rounds),
        ]
        process = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        figures |= json.loads(process.stdout)
    return figures


if __name__ == "__main__":
    main()
