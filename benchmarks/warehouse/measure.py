"""One step of the benchmark in this process; prints its figures as JSON."""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from pathlib import Path

from benchmarks.warehouse.gallery import CLASSIFIER, fill
from benchmarks.warehouse.night import run_night
from benchmarks.warehouse.rankings import CLASSIC, compare, write_flat
from warehouse.home import Home
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank

NIGHTS = 3
"""Nights after a first one, which is not counted."""


def fill_home(home: Home, rows: int, _: int) -> dict[str, float]:
    """Fill the home folder."""
    begin, used = time.perf_counter(), time.process_time()
    fill(home, rows)
    return {
        "fill, s": time.perf_counter() - begin,
        "fill, processor s": time.process_time() - used,
        "fill, peak MB": _peak(),
    }


def measure_rankings(home: Home, rows: int, rounds: int) -> dict[str, float]:
    """The rankings by all ways, in seconds and as ratios."""
    flat = home.folder / "flat.parquet"
    write_flat(home, flat)
    times = compare(home, flat, rows, rounds)
    flat.unlink()
    figures: dict[str, float] = {}
    for name, one in times.items():
        figures |= {f"{name}, s": one.elapsed, f"{name}, processor s": one.processor}
    for kind, suffix in (("elapsed", ""), ("processor", ", processor")):
        seconds = {name: getattr(one, kind) for name, one in times.items()}
        best = min(seconds["DuckDB by hand"], seconds["Polars by hand"])
        figures[f"macro / better by hand{suffix}"] = seconds["macro"] / best
        for name in ("pandas by hand", "pandas by hand, one number"):
            if name in seconds:
                figures[f"{name} / macro{suffix}"] = seconds[name] / seconds["macro"]
        lift = seconds["one lift ranking, computed"] / seconds["one mean ranking"]
        figures[f"lift, computed / mean{suffix}"] = lift
    return figures


def measure_memory(home: Home, *_: int) -> dict[str, float]:
    """Peak memory of a process that makes one ranking, and then the others."""
    figures = {"memory before a ranking, MB": _peak()}
    rank(home, RankingQuery(CLASSIFIER, "likes", "mean"))
    figures["peak of a ranking by the mean, MB"] = _peak()
    for by, statistic in CLASSIC:
        rank(home, RankingQuery(CLASSIFIER, by, statistic))
    return figures | {"peak of all six, MB": _peak()}


def measure_nights(home: Home, *_: int) -> dict[str, float]:
    """The parts of a night: medians of some nights."""
    begin = home.lake.count("select count(distinct observed_at) from observations")
    watches = [run_night(home, begin + number) for number in range(NIGHTS + 1)][1:]
    figures = {}
    for part in watches[0].elapsed:
        figures[f"night: {part}, s"] = statistics.median(watch.elapsed[part] for watch in watches)
        figures[f"night: {part}, processor s"] = statistics.median(watch.processor[part] for watch in watches)
    figures["night, s"] = statistics.median(sum(watch.elapsed.values()) for watch in watches)
    figures["night, processor s"] = statistics.median(sum(watch.processor.values()) for watch in watches)
    return figures | {"night, peak MB": _peak()}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


STEPS = {
    "fill": fill_home,
    "rankings": measure_rankings,
    "memory": measure_memory,
    "nights": measure_nights,
}

if __name__ == "__main__":
    step, folder, rows, rounds = sys.argv[1:]
    print(json.dumps(STEPS[step](Home(Path(folder)), int(rows), int(rounds))))
