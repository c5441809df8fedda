"""A classifier alone, in a plain loop, and in the complete lane: each measures pictures per second."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from benchmarks.classify.files import per_second, store
from classifiers.cores import cores
from classifiers.keras import KerasClassifier
from classifiers.litert_copy.classifier import LitertCopy
from classifiers.pictures import PictureFile
from tasks.classify.stage import label_pictures
from warehouse.home import Home

Model = KerasClassifier | LitertCopy
MODEL_PICTURES = 128
Measure = Callable[[], float]
"""Does its work once and returns pictures per second."""


def decoding(files: list[Path], size: tuple[int, int]) -> float:
    """Pictures per second that one thread decodes and resizes."""
    return per_second(64, lambda: [PictureFile(file).rgb_array(*size, exact=False) for file in files[:64]])


def alone(classifier: Model, files: list[Path]) -> Measure:
    """The model with decoded pictures, called by as many threads as in the lane."""
    batch = [classifier.prepare(PictureFile(file)) for file in files[: classifier.batch_size]]
    classifier.label(batch)
    batches = -(-MODEL_PICTURES // len(batch))

    def work() -> None:
        with ThreadPoolExecutor(classifier.callers) as callers:
            for _ in callers.map(classifier.label, [batch] * batches):
                pass

    return lambda: per_second(batches * len(batch), work)


def plain_loop(classifier: Model, files: list[Path]) -> Measure:
    """The simplest code around the model: threads decode ahead and call the model, and nothing is stored.

    One thread calls Keras, which computes a batch on all cores; each of a copy computes on one core.
    """
    size = classifier.batch_size
    full = files[: len(files) // size * size]

    def in_one(batch: list[Path]) -> None:
        classifier.label([classifier.prepare(PictureFile(file)) for file in batch])

    def work() -> None:
        with ThreadPoolExecutor(cores()) as threads:
            if isinstance(classifier, LitertCopy):
                for _ in threads.map(in_one, [full[at : at + size] for at in range(0, len(full), size)]):
                    pass
                return
            pictures = threads.map(lambda file: classifier.prepare(PictureFile(file)), full)
            for _ in range(0, len(full), size):
                classifier.label(list(islice(pictures, size)))

    return lambda: per_second(len(full), work)


def lane(folder: Path, classifier: Model, files: list[Path]) -> Measure:
    """The stage from files to stored labels. Each round has another name, so that all pictures are pending."""
    home = Home(folder)
    store(home, files, len(files))
    rounds = iter(range(1000))

    def work() -> None:
        classifier.name = f"round {next(rounds)}"
        assert label_pictures(home, classifier, lambda *_: None).items == len(files)

    return lambda: per_second(len(files), work)
