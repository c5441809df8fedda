"""Print what forecasts reach on simulated galleries, and what they must reach.

The result of each gallery is stored in the folder, and a later run with the same folder continues there.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.forecast.scenarios import SCENARIOS, run_scenario

REQUIRED = {
    "by_time": "≥ .10",
    "by_account": "≥ .09",
    "spearman": "≥ .30",
    "coverage": ".77 to .83",
    "worst_tenth": "",
    "labels": "",
}


def main() -> None:
    """Read the options, simulate and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forecast", description=__doc__)
    parser.add_argument("--galleries", type=int, default=20, help="seeds of each scenario")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--scenario", choices=list(SCENARIOS), action="append", help="default: all")
    parser.add_argument("--folder", type=Path, help="where results are stored; default: a temporary folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for name in options.scenario or SCENARIOS:
            seeds = range(options.first, options.first + options.galleries)
            print_table(name, [run_scenario(name, seed, folder) for seed in seeds])


def print_table(name: str, rows: list[dict[str, Any]]) -> None:
    """The mean, the lowest and the highest of each number over galleries, and how often each verdict and method came."""
    print(f"{name}: {len(rows)} galleries")
    for key, required in REQUIRED.items():
        values = [row[key] for row in rows if row[key] is not None]
        if values:
            print(
                f"  {key:<14}{np.mean(values):>8.3f}  ({min(values):.3f} to {max(values):.3f})   {required}"
            )
    for key in ("verdict", "method"):
        found = [row[key] for row in rows]
        print(
            f"  {key:<14}" + ", ".join(f"{one}: {found.count(one)}" for one in sorted(set(found))), flush=True
        )


if __name__ == "__main__":
    main()
