"""JPEG files of the size that a feed has, and their rows in a home folder."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from classifiers.cores import cores
from flows.demo.photographs import SUBJECTS, original
from warehouse.home import Home
from warehouse.schema.picture_tables import Picture

SIZE = (1080, 1350)
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def jpegs(photos: Path | None, folder: Path, count: int) -> list[Path]:
    """JPEG files of 1080 x 1350 pixels and about 200 KB, all different, in `folder`."""
    if photos is None:
        sources = [original(subject) for subject in SUBJECTS]
    else:
        sources = [Image.open(file).convert("RGB") for file in sorted(photos.glob("*.jpg"))]
    grain = np.random.default_rng(5).normal(0, 4, (SIZE[1], SIZE[0], 1))

    def write(number: int) -> Path:
        source = sources[number % len(sources)]
        box = np.random.default_rng(number).uniform(0, 0.1, 2) * source.size
        enlarged = source.resize(
            SIZE, Image.Resampling.BICUBIC, box=(*box, *(np.array(source.size) * 0.9 + box))
        )
        # An enlarged photograph has no fine detail. Grain, as in a photograph of a camera, gives the file its size.
        pixels = np.clip(np.asarray(enlarged) + np.roll(grain, number, 0), 0, 255).astype(np.uint8)
        file = folder / f"{number}.jpg"
        Image.fromarray(pixels).save(file, "JPEG", quality=82)
        return file

    with ThreadPoolExecutor(cores()) as threads:
        return list(threads.map(write, range(count)))


def store(home: Home, files: Sequence[Path], rows: int) -> None:
    """Store `rows` pictures in the tables, which share the files."""
    home.prepare()
    for start in range(0, rows, 20_000):
        home.lake.append(
            [
                Picture(
                    sha256=hashlib.sha256(f"{number}".encode()).hexdigest(),
                    bytes=1,
                    width=SIZE[0],
                    height=SIZE[1],
                    format="jpeg",
                    path=str(files[number % len(files)]),
                    fetched_at=WHEN,
                )
                for number in range(start, min(rows, start + 20_000))
            ]
        )


def per_second(pictures: int, work: Callable[[], object]) -> float:
    """The rate at which `work` handles that many pictures."""
    started = time.perf_counter()
    work()
    return pictures / (time.perf_counter() - started)
