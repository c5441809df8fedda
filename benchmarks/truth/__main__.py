"""Print what the estimates of lift reach on simulated galleries, and what they must reach.

The outcomes of each seed are stored in the folder, and a later run with the same folder continues there.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.truth.figures import Figure, compute_figures
from benchmarks.truth.seeds import read_outcomes, simulate
from benchmarks.truth.speed import measure_speed


def main() -> None:
    """Read the options, simulate and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth", description=__doc__)
    parser.add_argument("--galleries", type=int, default=100, help="number of seeds; each has five galleries")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where outcomes are stored; default: a temporary folder")
    parser.add_argument("--no-speed", action="store_true", help="skip the large home")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        simulate(folder, options.galleries, options.processes)
        outcomes = read_outcomes(folder, options.galleries)
    for figure in compute_figures(outcomes):
        _print(figure)
    if not options.no_speed:
        for figure in speed_figures():
            _print(figure)


def speed_figures() -> Iterator[Figure]:
    """The figures of the large home."""
    seconds = measure_speed()
    name = f"970,000 posts, {seconds.rows / 1e6:.1f} million rows: seconds"
    text = f"{seconds.estimate:.1f} (processor {seconds.estimate_processor:.1f})"
    yield Figure(name, text, "≤ 6", seconds.estimate <= 6)
    ratio = seconds.read_and_estimate / seconds.plain_mean
    yield Figure(
        "with reading and joining, beside a plain mean", f"{ratio:.1f} times", "≤ 4 times", ratio <= 4
    )


def _print(figure: Figure) -> None:
    mark = "" if figure.reached else "   NOT REACHED"
    print(f"{figure.name:<64}{figure.measured:>22}   {figure.required}{mark}")


if __name__ == "__main__":
    main()
