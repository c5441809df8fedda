"""What a lane on a CPU can reach of its model alone, and where the rest goes, in processor time.

    .venv/bin/python -m benchmarks.classify.bound [--photos FOLDER] [--pictures 320] [--rounds 5] [--zero-shot]

The lane labels with the LiteRT copy of EfficientNetLite0, without and with embeddings; with `--zero-shot` also with a
model of CLIP ViT-B/32's shape, for which the package `onnx` is needed. Decoding takes the cores that the model computes on,
so of the model's rate no lane reaches more than model / (model + decoding): the bound. The numbers are milliseconds of
processor time for a picture, the lowest of the rounds, in which all ways take turns.
"""

from __future__ import annotations

import argparse
import itertools
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.classify.files import SIZE, jpegs, store
from benchmarks.classify.vit_export import write_clip
from classifiers.cores import cores
from classifiers.keras_options import KerasOptions
from classifiers.litert_copy.classifier import CopyModel, LitertCopy
from classifiers.litert_copy.making import make_copy
from classifiers.pictures import PictureFile
from classifiers.protocol import Label, PreparedPicture
from classifiers.zero_shot.options import ZeroShotOptions, load
from tasks.classify.batches import count_callers
from tasks.classify.stage import label_pictures
from warehouse.home import Home

Work = Callable[[], int]
"""Does its work once; returns the number of pictures."""
WORDS = tuple(f"token{number}" for number in range(1, 21))
MODEL_PICTURES = 128
TINY_SCALE = 8
"""A JPEG at an eighth of its size: hardly more than its entropy decoding, which no scale avoids."""


class FreeModel:
    """A classifier that neither decodes nor computes, so that only the stage takes time."""

    name, version, batch_size, callers = "free", "1", 8, 2

    def __init__(self, *, embeddings: bool) -> None:
        self.embedding_version = "1" if embeddings else None
        self._vectors = np.full((self.batch_size, 1280), 0.5, np.float16)

    def prepare(self, picture: PictureFile) -> PreparedPicture:
        """Nothing."""
        return self._vectors[0]

    def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
        """Five labels for each picture."""
        return [[Label(f"thing {rank}", 1 / rank, rank) for rank in range(1, 6)] for _ in batch]

    def label_and_embed(self, batch: Sequence[PreparedPicture]) -> tuple[list[list[Label]], Any]:
        """Five labels and an embedding for each picture."""
        return self.label(batch), self._vectors[: len(batch)]


def label(classifier: Any, batch: Sequence[PreparedPicture]) -> object:
    """What the lane asks of the model for a batch."""
    if getattr(classifier, "embedding_version", None) is None:
        return classifier.label(batch)
    return classifier.label_and_embed(batch)


def alone(classifier: Any, files: Sequence[Path]) -> Work:
    """The model with decoded pictures, called by as many threads as in the lane."""
    batch = [classifier.prepare(PictureFile(file)) for file in files[: classifier.batch_size]]
    batches = -(-MODEL_PICTURES // len(batch))

    def work() -> int:
        with ThreadPoolExecutor(count_callers(classifier)) as callers:
            list(callers.map(lambda one: label(classifier, one), [batch] * batches))
        return batches * len(batch)

    work()  # not measured: an interpreter packs its weights
    return work


def decoding(classifier: Any, files: Sequence[Path]) -> Work:
    """Only the model's input, by a thread for each core."""
    return _each(lambda file: classifier.prepare(PictureFile(file)), files)


def entropy_decoding(files: Sequence[Path]) -> Work:
    """The pictures at the smallest scale."""
    return _each(lambda file: PictureFile(file).rgb(min(SIZE) // TINY_SCALE), files)


def _each(use: Callable[[Path], object], files: Sequence[Path]) -> Work:
    def work() -> int:
        with ThreadPoolExecutor(cores()) as threads:
            for _ in threads.map(use, files):
                pass
        return len(files)

    return work


def plain_loop(classifier: Any, files: Sequence[Path]) -> Work:
    """The simplest code: each caller decodes a batch and labels it, and nothing is stored."""
    size = classifier.batch_size
    batches = [files[start : start + size] for start in range(0, len(files), size)]

    def in_one(batch: Sequence[Path]) -> None:
        label(classifier, [classifier.prepare(PictureFile(file)) for file in batch])

    def work() -> int:
        with ThreadPoolExecutor(count_callers(classifier)) as threads:
            list(threads.map(in_one, batches))
        return len(files)

    return work


def lane(home: Home, classifier: Any, pictures: int) -> Work:
    """The stage from files to stored rows. Each round has another name, so that all pictures are pending."""
    rounds = itertools.count()

    def work() -> int:
        classifier.name = f"{type(classifier).__name__} {id(classifier)} {next(rounds)}"
        if hasattr(classifier, "vectors_of"):
            classifier.vectors_of = (classifier.name, classifier.embedding_version)
        assert label_pictures(home, classifier, lambda *_: None).items == pictures
        return pictures

    return work


def litert_copy(*, embeddings: bool) -> LitertCopy:
    """The copy of EfficientNetLite0."""
    options = KerasOptions(application="EfficientNetLite0", precision="float32", embeddings=embeddings)
    description, content = make_copy(options, None)
    return LitertCopy("copy", options, description, CopyModel(content))


def measure(works: dict[str, Work], rounds: int) -> dict[str, float]:
    """Milliseconds of processor time for a picture, the lowest of the rounds."""
    lowest = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            started = time.process_time()
            pictures = work()
            lowest[name] = min(lowest[name], (time.process_time() - started) / pictures * 1000)
    return lowest


def report(title: str, classifier: Any, home: Home, files: Sequence[Path], rounds: int) -> None:
    """Print the table of one classifier."""
    free = FreeModel(embeddings=getattr(classifier, "embedding_version", None) is not None)
    found = measure(
        {
            "model alone": alone(classifier, files),
            "decoding and resizing": decoding(classifier, files),
            "of it: entropy decoding": entropy_decoding(files),
            "the stage with a model that does nothing": lane(home, free, len(files)),
            "plain loop from files": plain_loop(classifier, files),
            "complete lane": lane(home, classifier, len(files)),
        },
        rounds,
    )
    print(f"\n{title}: milliseconds of processor time for a picture")
    for name, milliseconds in found.items():
        print(f"  {name:<42}{milliseconds:8.2f}")
    model, decoded, smallest, _, loop, complete = found.values()
    print(f"  bound, model / (model + decoding)         {model / (model + decoded):8.2f}")
    print(f"  the same with entropy decoding alone      {model / (model + smallest):8.2f}")
    print(f"  plain loop, of the model alone            {model / loop:8.2f}")
    print(f"  complete lane, of the model alone         {model / complete:8.2f}")
    print(f"  complete lane, of the bound               {(model + decoded) / complete:8.2f}")
    print(f"  complete lane, of the plain loop          {loop / complete:8.2f}", flush=True)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="What a lane can reach of its model alone.")
    parser.add_argument("--photos", type=Path, help="a folder of .jpg files; default: those of the demo")
    parser.add_argument("--pictures", type=int, default=320)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--zero-shot", action="store_true", help="only a model of CLIP's shape")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        files = jpegs(arguments.photos, folder, arguments.pictures)
        kilobytes = sum(file.stat().st_size for file in files) / len(files) / 1024
        home = Home(folder / "home")
        store(home, files, len(files))
        print(f"{len(files)} JPEG files of {SIZE[0]} x {SIZE[1]}, {kilobytes:.0f} KB on average;", end=" ")
        print(f"{cores()} cores, load {os.getloadavg()[0]:.1f} at the start")
        if arguments.zero_shot:
            write_clip(folder / "clip")
            clip = load("clip", ZeroShotOptions(model=folder / "clip", words=WORDS))
            report("CLIP ViT-B/32's shape, 20 words and vectors", clip, home, files, arguments.rounds)
            return
        report("EfficientNetLite0, LiteRT copy", litert_copy(embeddings=False), home, files, arguments.rounds)
        copy = litert_copy(embeddings=True)
        report("The same, with embeddings", copy, home, files, arguments.rounds)


if __name__ == "__main__":
    main()
