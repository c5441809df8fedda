"""Seconds for 970,000 posts with 5.8 million labels, beside a plain mean of the same files."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from warehouse.lift.estimate import estimate_lifts

POSTS = 970_000
LABELS = 5_000
DRAWS = 6.35
"""Draws of a label for each post; the same label counts once, which leaves 5.8 million rows."""


@dataclass(frozen=True, slots=True)
class Seconds:
    """Elapsed and processor seconds of the estimate alone, with reading and joining, and of a plain mean."""

    rows: int
    estimate: float
    estimate_processor: float
    read_and_estimate: float
    plain_mean: float


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


def measure_speed() -> Seconds:
    """Measure each way once after a warm-up."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = make_home(folder)
        posts, labels = pl.read_parquet(folder / "posts.parquet"), pl.read_parquet(folder / "labels.parquet")
        _rank_by_mean(folder)
        start, processor = time.perf_counter(), time.process_time()
        estimate_lifts(posts, labels)
        estimate, estimate_processor = time.perf_counter() - start, time.process_time() - processor
        del posts, labels
        start = time.perf_counter()
        estimate_lifts(pl.read_parquet(folder / "posts.parquet"), pl.read_parquet(folder / "labels.parquet"))
        both = time.perf_counter() - start
        start = time.perf_counter()
        _rank_by_mean(folder)
        return Seconds(rows, estimate, estimate_processor, both, time.perf_counter() - start)


def _rank_by_mean(folder: Path) -> pl.DataFrame:
    posts = pl.scan_parquet(folder / "posts.parquet")
    rows = pl.scan_parquet(folder / "labels.parquet").join(posts, on="post")
    accounts = pl.struct("source", "account").n_unique()
    ranked = rows.group_by("label").agg(
        posts=pl.len(), accounts=accounts, mean=pl.col("value").mean(), median=pl.col("value").median()
    )
    return ranked.sort("mean", descending=True).collect()
