"""What a table of many files costs: listing them, one more batch, the database's views, and a query over a view.

The files are links to one small file, so that their number is measured and not their rows.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
from deltalake import DeltaTable

from benchmarks.scale.nights import BEGIN
from warehouse.home import Home
from warehouse.schema.tables import TABLES, Observation
from warehouse.storage.file_commit import NewFile, commit_files
from warehouse.storage.lake_reader import select_utc

NAME = Observation.table
ROW = Observation(source="s", post_id="0", observed_at=BEGIN, likes=1, comments=1, likes_hidden=False)


def measure(files: int) -> dict[str, float]:
    """Processor seconds and megabytes with so many files in one table."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        home.prepare()
        _add_files(home, files)
        figures: dict[str, float] = {}

        def part(name: str, work: Callable[[], object]) -> None:
            begin = time.process_time()
            work()
            figures[f"{name}, s"] = time.process_time() - begin

        part("list the files, log of one version", lambda: home.lake.list_files(NAME))
        part("list them again", lambda: home.lake.list_files(NAME))
        later = replace(ROW, post_id="1", observed_at=BEGIN + timedelta(days=files))
        part("append a row that no file can have", lambda: home.lake.append([later]))
        DeltaTable(str(home.lake.folder / NAME)).create_checkpoint()
        part("list the files, from a checkpoint", lambda: home.lake.list_files(NAME))
        paths = home.lake.files(NAME)
        part("create the view", lambda: _create_view(home, paths))
        figures["database, MB"] = home.database.stat().st_size / 2**20
        part("open it, and count the rows", lambda: _query(home, f"select count(*) from {NAME}"))
        part("open it, and find one post", lambda: _query(home, f"from {NAME} where post_id = '1'"))
        part("open it, and query another view", lambda: _query(home, "from other"))
        figures["peak memory, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return figures


def _add_files(home: Home, count: int) -> None:
    home.lake.append([ROW])
    [first] = home.lake.list_files(NAME)
    folder = home.lake.folder / NAME
    added = []
    for number in range(1, count):
        at = (BEGIN + timedelta(days=number)).isoformat().replace("+00:00", "Z")
        bounds = f'{{"source": "s", "post_id": "0", "observed_at": "{at}"}}'
        name = f"part-{number}.parquet"
        os.link(first.path, folder / name)
        added.append(
            NewFile(name, first.bytes, f'{{"numRecords": 1, "minValues": {bounds}, "maxValues": {bounds}}}')
        )
    commit_files(folder, DeltaTable(str(folder)).version(), [], added, changes=True)


def _create_view(home: Home, paths: list[str]) -> None:
    with duckdb.connect(str(home.database)) as connection:
        connection.execute("create view other as select 1")
        connection.execute(f"create view {NAME} as {select_utc(paths, TABLES[NAME])}")


def _query(home: Home, sql: str) -> None:
    with duckdb.connect(str(home.database), read_only=True) as connection:
        connection.execute(sql).fetchall()


def main(sizes: list[int]) -> None:
    """Measure each size in a process of its own, and print a Markdown table."""
    columns = []
    for size in sizes:
        command = [sys.executable, "-m", "benchmarks.scale.limits", str(size), "--one"]
        columns.append(dict(line.rsplit("\t", 1) for line in _run(command)))
    print("| files | " + " | ".join(f"{size:,}" for size in sizes) + " |")
    print("|---" * (len(sizes) + 1) + "|")
    for name in columns[0]:
        print(f"| {name} | " + " | ".join(column[name] for column in columns) + " |")


def _run(command: list[str]) -> list[str]:
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()


if __name__ == "__main__":
    if sys.argv[-1] == "--one":
        for name, value in measure(int(sys.argv[1])).items():
            print(f"{name}\t{value:.2f}")
    else:
        main([int(size) for size in sys.argv[1:]] or [100, 1_000, 10_000])
