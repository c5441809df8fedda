"""How long commands take that a person waits for, beside an empty Python and DuckDB's own command line.

    python -m benchmarks.startup demo/likelens.toml

The table has the median of five runs: CPU seconds (user and system) and wall-clock seconds.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

RUNS = 5


def measure(command: Sequence[str]) -> tuple[float, float]:
    """Median CPU and wall-clock seconds of a command. Raises `CalledProcessError` when it fails."""
    cpu, wall = [], []
    for _ in range(RUNS):
        before, started = _children_seconds(), time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wall.append(time.perf_counter() - started)
        cpu.append(_children_seconds() - before)
    return statistics.median(cpu), statistics.median(wall)


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def list_commands(config: str, classifier: str) -> dict[str, list[str]]:
    """The commands by their titles."""
    likelens = [str(Path(sys.executable).with_name("likelens"))]
    chosen = ["--config", config]
    database = str(Path(config).parent / "likelens.duckdb")
    query = "select count(*) from posts"
    by_python = f"import duckdb; duckdb.connect({database!r}, read_only=True).sql({query!r}).show()"
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "python -c 'import duckdb, polars, pydantic'": [
            sys.executable,
            "-c",
            "import duckdb, polars, pydantic",
        ],
        "python -c, the query by duckdb alone": [sys.executable, "-c", by_python],
        "likelens --help": [*likelens, "--help"],
        "likelens rank (stored lifts)": [
            *likelens,
            "rank",
            *chosen,
            "--classifier",
            classifier,
            "--by",
            "likes",
        ],
        "likelens rank --statistic mean": [
            *(*likelens, "rank", *chosen, "--classifier", classifier),
            *("--by", "likes", "--statistic", "mean"),
        ],
        "likelens sql": [*likelens, "sql", *chosen, query],
        "likelens status": [*likelens, "status", *chosen],
    }
    if duckdb := shutil.which("duckdb"):
        commands["duckdb -c"] = [duckdb, "-readonly", database, "-c", query]
    return commands


def main(config: str, classifier: str = "visual") -> None:
    """Print the table."""
    print(f"{os.cpu_count()} CPU cores, load {os.getloadavg()[0]:.1f}, median of {RUNS} runs\n")
    print("| command | CPU s | wall s |\n|---|---|---|")
    for title, command in list_commands(config, classifier).items():
        cpu, wall = measure(command)
        print(f"| `{title}` | {cpu:.2f} | {wall:.2f} |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
