"""The outcomes of many seeds, in several processes, stored in a folder so that a later run continues there."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import polars as pl

from benchmarks.truth.galleries import Plan
from benchmarks.truth.outcomes import collect_outcomes


def simulate(folder: Path, galleries: int, processes: int) -> None:
    """Store the outcomes of each seed that has none, and print the progress."""
    missing = [seed for seed in range(galleries) if not _file(folder, seed).exists()]
    start = time.monotonic()
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(_store, folder, seed) for seed in missing]
        for done, future in enumerate(as_completed(running), start=galleries - len(missing) + 1):
            future.result()
            print(f"{done} of {galleries} seeds after {time.monotonic() - start:.0f} s", flush=True)


def read_outcomes(folder: Path, galleries: int) -> pl.DataFrame:
    """The stored outcomes of the first seeds."""
    return pl.concat([pl.read_parquet(_file(folder, seed)) for seed in range(galleries)])


def _file(folder: Path, seed: int) -> Path:
    return folder / f"seed-{seed}.parquet"


def _store(folder: Path, seed: int) -> None:
    partial = folder / f"seed-{seed}.partial"
    collect_outcomes(Plan(), seed).write_parquet(partial)
    partial.replace(_file(folder, seed))
