"""The time of the six charts of a classifier, with all files that a run writes, each in a process of its own.

A chart is an SVG for wide and one for narrow screens, a PNG, an HTML file and a Vega-Lite file. The first process makes the
scripts of the HTML files, the later ones find them in the folder. The comparison is Altair's own `save` of one bar
chart for each ranking, without sources, intervals and narrow charts.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from warehouse.ranking.measures import By

    Rankings = list[tuple[By, pl.DataFrame]]
    Draw = Callable[[Rankings], None]


CHARTS = 6
LATER_RUNS = 5


def main() -> None:
    """Print the seconds of the first and the later processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draw", choices=("likelens", "altair"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.draw:
        print(*_seconds(options.draw, options.folder))
        return
    print(
        "seconds without imports, medians of later processes   clock  processors  first process: clock, processors"
    )
    for name in ("likelens", "altair"):
        with tempfile.TemporaryDirectory() as folder:
            first, *later = [_measure(name, folder) for _ in range(1 + LATER_RUNS)]
        clock, processors = (median(one[place] for one in later) for place in (0, 1))
        print(f"{name:52} {clock:6.2f} {processors:11.2f} {first[0]:23.2f} {first[1]:11.2f}")


def _measure(name: str, folder: str) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.charts", "--draw", name, "--folder", folder]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    clock, processors = map(float, printed.split())
    return clock, processors


def _seconds(name: str, folder: Path) -> tuple[float, float]:
    """By the clock, and of all processors, that of the drawing process included."""
    draw, rankings = (_draw_likelens if name == "likelens" else _draw_altair)(folder), _rankings()
    began, clock = _processor_seconds(), time.perf_counter()
    draw(rankings)
    return time.perf_counter() - clock, _processor_seconds() - began


def _processor_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _rankings() -> Rankings:
    import polars as pl

    rows = [
        {"rank": place, "label": f"label number {place}", "posts": 60 - place, "accounts": 3, "share": 0.1}
        | {"lift": 1.5 - place / 12, "low": 1.2 - place / 12, "high": 2 - place / 12, "p": 0.01, "q": 0.04}
        | {"total": 900_000 // place, "mean": 18_000 / place, "median": 15_000 / place}
        for place in range(1, 11)
    ]
    return [(by, pl.DataFrame(rows)) for by in ("likes", "comments", "count")] * (CHARTS // 3)


def _draw_likelens(folder: Path) -> Draw:
    from tasks.report.chart_style import NARROW, WIDTH
    from tasks.report.charts import begin_chart, chart_svg, ranking_chart, save_chart
    from tasks.report.content import Heading
    from tasks.report.drawing_process import draw_beside

    def draw(rankings: Rankings) -> None:
        with draw_beside():
            begun = [
                [
                    begin_chart(ranking_chart(ranking, Heading("visual", by, "lift"), pixels))
                    for pixels in (WIDTH, NARROW)
                ]
                for by, ranking in rankings
            ]
            for number, (wide, narrow) in enumerate(begun):
                save_chart(wide, folder, f"chart-{number}")
                chart_svg(narrow)

    return draw


def _draw_altair(folder: Path) -> Draw:
    import altair as alt

    def draw(rankings: Rankings) -> None:
        for number, (_, ranking) in enumerate(rankings):
            bars = alt.Chart(ranking).mark_bar().encode(x="mean:Q", y=alt.Y("label:N", sort="-x"))
            for ending, more in (
                ("svg", {}),
                ("png", {"scale_factor": 2}),
                ("html", {"inline": True}),
                ("json", {}),
            ):
                bars.save(folder / f"altair-{number}.{ending}", **more)  # type: ignore[arg-type]

    return draw


if __name__ == "__main__":
    main()
