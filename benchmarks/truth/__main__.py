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
    report = measure_speed()
    name = f"970,000 posts, {report.rows / 1e6:.1f} million rows: seconds"
    text = f"{report.estimate.elapsed:.1f} (processor {report.estimate.processor:.1f})"
    yield Figure(name, text, "≤ 6", report.estimate.elapsed <= 6)
    ratio = report.read_and_estimate.elapsed / report.plain_mean.elapsed
    processor = report.read_and_estimate.processor / report.plain_mean.processor
    text = f"{ratio:.1f} (processor {processor:.1f})"
    yield Figure("with reading and joining, times a plain mean", text, "≤ 4", ratio <= 4)


def _print(figure: Figure) -> None:
    mark = "" if figure.reached else "   NOT REACHED"
    print(f"{figure.name:<64}{figure.measured:>22}   {figure.required}{mark}")


if __name__ == "__main__":
    main()
