"""The processor time of the six charts of a classifier, with all files that a run writes, each in a process of its own.

A chart is an SVG for wide and one for narrow screens, a PNG, an HTML file and a Vega-Lite file. The first process makes the
scripts of the HTML files, the later ones find them in the folder. The comparison is Altair's own `save` of one bar
chart for each ranking, without sources, intervals and narrow charts.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

CHARTS = 6
LATER_RUNS = 5


def main() -> None:
    """Print the seconds of the first and the later processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draw", choices=("likelens", "altair"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.draw:
        print(_seconds(options.draw, options.folder))
        return
    print("seconds of processor time, without imports   first   later (median)")
    for name in ("likelens", "altair"):
        with tempfile.TemporaryDirectory() as folder:
            first, *later = [_measure(name, folder) for _ in range(1 + LATER_RUNS)]
        print(f"{name:42} {first:8.2f} {median(later):8.2f}")


def _measure(name: str, folder: str) -> float:
    command = [sys.executable, "-m", "benchmarks.charts", "--draw", name, "--folder", folder]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _seconds(name: str, folder: Path) -> float:
    draw = _draw_likelens if name == "likelens" else _draw_altair
    return draw(folder)


def _rankings() -> list[tuple[str, object]]:
    import polars as pl

    rows = [
        {"rank": place, "label": f"label number {place}", "posts": 60 - place, "accounts": 3, "share": 0.1}
        | {"lift": 1.5 - place / 12, "low": 1.2 - place / 12, "high": 2 - place / 12, "p": 0.01, "q": 0.04}
        | {"total": 900_000 // place, "mean": 18_000 / place, "median": 15_000 / place}
        for place in range(1, 11)
    ]
    return [(by, pl.DataFrame(rows)) for by in ("likes", "comments", "count")] * (CHARTS // 3)


def _draw_likelens(folder: Path) -> float:
    from tasks.report.charts import ranked_chart, ranking_chart, save_chart
    from tasks.report.content import Heading

    rankings = _rankings()
    began = time.process_time()
    for number, (by, ranking) in enumerate(rankings):
        heading = Heading("visual", by, "lift")  # type: ignore[arg-type]
        files = save_chart(ranking_chart(ranking, heading), folder, f"chart-{number}")  # type: ignore[arg-type]
        ranked_chart(ranking, heading, wide=files.svg.read_text("utf-8"))  # type: ignore[arg-type]
    return time.process_time() - began


def _draw_altair(folder: Path) -> float:
    import altair as alt

    rankings = _rankings()
    began = time.process_time()
    for number, (_, ranking) in enumerate(rankings):
        bars = alt.Chart(ranking).mark_bar().encode(x="mean:Q", y=alt.Y("label:N", sort="-x"))  # type: ignore[arg-type]
        for ending, more in (
            ("svg", {}),
            ("png", {"scale_factor": 2}),
            ("html", {"inline": True}),
            ("json", {}),
        ):
            bars.save(folder / f"altair-{number}.{ending}", **more)  # type: ignore[arg-type]
    return time.process_time() - began


if __name__ == "__main__":
    main()
