"""Seconds for 970,000 posts with 5.8 million labels, beside a plain mean of the same files."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from warehouse.ranking.lift.estimate import estimate_lifts

POSTS = 970_000
LABELS = 5_000
ROUNDS = 3
DRAWS = 6.35
"""Draws of a label for each post; the same label counts once, which leaves 5.8 million rows."""


@dataclass(frozen=True, slots=True)
class Time:
    """Elapsed and processor seconds."""

    elapsed: float
    processor: float


@dataclass(frozen=True, slots=True)
class SpeedReport:
    """The number of rows of labels, and the time of the estimate alone, with reading and joining, and of a mean."""

    rows: int
    estimate: Time
    read_and_estimate: Time
    plain_mean: Time


def make_home(folder: Path) -> int:
    """Write posts and labels as Parquet files, and return the number of rows of labels."""
    draw = np.random.default_rng(1)
    begin = datetime(2025, 1, 1)  # noqa: DTZ001
    account = np.sort(draw.integers(0, 6_000, POSTS))
    posts = pl.DataFrame(
        {
            "post": draw.permutation(POSTS),
            "source": "simulated",
            "account": account.astype(str),
            "kind": np.array(["image", "carousel", "video"])[draw.choice(3, POSTS, p=[0.7, 0.2, 0.1])],
            "value": np.exp(draw.normal(5, 1, POSTS)).astype(np.int64),
        }
    ).with_columns(
        posted_at=pl.lit(begin) + pl.Series(draw.integers(0, 730 * 86_400, POSTS)) * timedelta(seconds=1)
    )
    chances = np.cumsum(np.arange(1, LABELS + 1) ** -1.0)
    post = np.repeat(np.arange(POSTS), draw.poisson(DRAWS, POSTS))
    label = np.searchsorted(chances / chances[-1], draw.random(len(post)))
    rows = np.unique(post * LABELS + label)
    labels = pl.DataFrame(
        {"post": rows // LABELS, "label": np.char.add("label ", (rows % LABELS).astype(str))}
    )
    posts.write_parquet(folder / "posts.parquet")
    labels.sample(fraction=1, shuffle=True, seed=1).write_parquet(folder / "labels.parquet")
    return len(labels)


def measure_speed() -> SpeedReport:
    """Measure each way, the fastest of three rounds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = make_home(folder)
        posts, labels = _read(folder)
        return SpeedReport(
            rows,
            _fastest(lambda: estimate_lifts(posts, labels)),
            _fastest(lambda: estimate_lifts(*_read(folder))),
            _fastest(lambda: _rank_by_mean(folder)),
        )


def _fastest(work: Callable[[], object]) -> Time:
    times = []
    for _ in range(ROUNDS):
        elapsed, processor = time.perf_counter(), time.process_time()
        work()
        times.append(Time(time.perf_counter() - elapsed, time.process_time() - processor))
    return min(times, key=lambda one: one.elapsed)


def _read(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    return pl.read_parquet(folder / "posts.parquet"), pl.read_parquet(folder / "labels.parquet")


def _rank_by_mean(folder: Path) -> pl.DataFrame:
    posts = pl.scan_parquet(folder / "posts.parquet")
    rows = pl.scan_parquet(folder / "labels.parquet").join(posts, on="post")
    means = rows.group_by("label").agg(posts=pl.len(), mean=pl.col("value").mean())
    return means.sort("mean", descending=True).collect()
