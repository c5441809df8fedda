"""The memory of a lane, whatever the number of pictures."""

from __future__ import annotations

import gc
import io
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.classify.files import per_second, store
from classifiers.pictures import PictureFile
from classifiers.protocol import Label, PreparedPicture
from flows.demo.photographs import SUBJECTS, original
from tasks.classify.stage import label_pictures
from warehouse.home import Home


class Cheap:
    """A classifier that does no work, so that only the stage takes time."""

    batch_size = 32
    version = "1"

    def __init__(self, name: str) -> None:
        self.name = name

    def prepare(self, picture: PictureFile) -> PreparedPicture:
        """The picture at Inception's size."""
        return picture.rgb_array(299, 299, exact=False)

    def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
        """Five labels per picture."""
        return [[Label(f"thing {rank}", 1 / rank, rank) for rank in range(1, 6)] for _ in batch]


def memory(sizes: Sequence[int]) -> None:
    """Print the memory of the process while the lane labels that many pictures."""
    print(f"{'pictures':>10}{'before, MB':>12}{'at most, MB':>12}{'pictures/s':>12}")
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            home = Home(Path(name) / "home")
            file = Path(name) / "small.jpg"
            buffer = io.BytesIO()
            original(SUBJECTS[0]).resize((128, 160)).save(buffer, "JPEG")
            file.write_bytes(buffer.getvalue())
            store(home, [file], size)
            gc.collect()
            before, peak = _resident(), 0.0

            def watch(done: int, total: int) -> None:
                nonlocal peak
                peak = max(peak, _resident())

            rate = per_second(size, lambda: label_pictures(home, Cheap("c"), watch))  # noqa: B023 - called at once
            print(f"{size:>10,}{before:>12,.0f}{peak:>12,.0f}{rate:>12,.0f}", flush=True)


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024
