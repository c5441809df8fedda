"""Pictures per second of the kind `zero_shot` with a model of CLIP ViT-B/32's shape.

    .venv/bin/python -m benchmarks.classify.zero_shot [--photos FOLDER] [--pictures 128] [--rounds 3]

It needs the package `onnx`, which the project does not. The table has: the picture tower alone in ONNX Runtime, with
its own defaults, the lane from JPEG files to stored labels and vectors, the lane that labels stored vectors with a
new word, and that step without storing. Weights are random, which does not change the speed. The first line has the time to load the model and to
read its words.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.classify.files import SIZE, jpegs, per_second, store
from benchmarks.classify.vit_export import DIMENSIONS, write_clip
from classifiers.cores import cores
from classifiers.zero_shot.options import ZeroShotOptions, load
from tasks.classify.stage import label_pictures
from warehouse.home import Home

WORDS = tuple(f"token{number}" for number in range(1, 21))
BATCH = 32
VECTORS = 4096


def measure(photos: Path | None, pictures: int, rounds: int) -> None:
    """Print the table."""
    import onnxruntime

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        files = jpegs(photos, folder, pictures)
        write_clip(folder / "clip")
        started = time.perf_counter()
        options = ZeroShotOptions(model=folder / "clip", words=WORDS)
        classifier: Any = load("first", options)
        seconds = time.perf_counter() - started
        print(
            f"{len(files)} JPEG files of {SIZE[0]} x {SIZE[1]}; {cores()} cores, load {os.getloadavg()[0]:.1f} at the"
            f" start; the model and {len(WORDS)} words are loaded in {seconds:.1f} s\n"
        )
        session = onnxruntime.InferenceSession(str(folder / "clip" / "onnx" / "vision_model.onnx"))
        batch = np.random.default_rng(1).normal(size=(BATCH, 3, 224, 224)).astype(np.float32)
        home = Home(folder / "home")
        store(home, files, len(files))
        numbers = itertools.count()
        names = ("tower alone, ONNX Runtime", "lane, files", "lane, vectors", "labels of vectors alone")
        rates: dict[str, list[float]] = {name: [] for name in names}
        vectors = np.random.default_rng(2).normal(0, 0.04, (VECTORS, DIMENSIONS)).astype(np.float16)

        def tower() -> None:
            for _ in range(len(files) // BATCH):
                session.run(None, {"pixel_values": batch})

        def lane() -> None:
            label_pictures(home, classifier, lambda *_: None)

        for _ in range(rounds):
            rates["tower alone, ONNX Runtime"].append(per_second(len(files) // BATCH * BATCH, tower))
            number = next(numbers)
            classifier.name = f"round {number}"
            classifier.vectors_of = (classifier.name, classifier.embedding_version)
            rates["lane, files"].append(per_second(len(files), lane))
            classifier.version = f"another word {number}"
            rates["lane, vectors"].append(per_second(len(files), lane))
            rates["labels of vectors alone"].append(
                per_second(VECTORS, lambda: classifier.label_vectors(vectors))
            )
    for name, found in rates.items():
        print(f"{name:<32}{statistics.median(found):>10.1f} pictures a second (best {max(found):.1f})")
    shares = [a / b for a, b in zip(rates["lane, files"], rates["tower alone, ONNX Runtime"], strict=True)]
    print(f"the lane reaches {statistics.median(shares):.2f} of the tower's own rate")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Pictures a second of zero_shot on this machine.")
    parser.add_argument(
        "--photos", type=Path, help="a folder of .jpg files to vary; default: those of the demo"
    )
    parser.add_argument("--pictures", type=int, default=128, help="number of JPEG files, at least 32")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    measure(arguments.photos, arguments.pictures, arguments.rounds)


if __name__ == "__main__":
    main()
