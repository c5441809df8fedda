"""Pictures per second on a GPU: ours, and the same model in the best form of PyTorch and JAX.

    KERAS_BACKEND=jax python -m benchmarks.classify.gpu [--photos FOLDER] [--applications InceptionV3 …]
    python -m benchmarks.classify.gpu --labels FILE.json --photos FOLDER
    python -m benchmarks.classify.gpu --compare CPU.json GPU.json

The first command prints a table for each model, measured in turns within each round; a number is the median of the
rounds. 'From memory' are decoded pictures in this machine's memory. The references get pictures that are on the GPU
already, in bfloat16: PyTorch's model (torchvision's or timm's) with `torch.compile` in channels-last order, and the
same Keras model with `jax.jit`. The second command writes the labels of EfficientNetLite0 in each precision, on a
GPU if there is one; the third compares two such files. PyTorch, torchvision and timm are left out where they are
not installed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # PyTorch needs memory too

import numpy as np

from benchmarks.classify.agreement import classifier_of, compare, write_labels
from benchmarks.classify.files import SIZE, jpegs, per_second, store
from classifiers.backend import import_keras, list_gpus
from classifiers.cores import cores
from classifiers.keras import KerasClassifier
from classifiers.pictures import PictureFile
from tasks.classify.stage import label_pictures
from warehouse.home import Home

Measure = Callable[[], float]
"""Does its work once and returns pictures per second."""
LANE_ROWS = 12_288
BATCHES = 48
REFERENCE_BATCHES = (256,)


def measures(
    application: str, folder: Path, files: list[Path], *, without_references: bool
) -> Iterator[tuple[str, Callable[[], Measure]]]:
    """Ours first, then the references."""
    started = time.perf_counter()
    classifier = classifier_of(application, "auto", folder)
    print(f"{application}: loaded in {time.perf_counter() - started:.0f} s, version {classifier.version},")
    print(f"batches of {classifier.batch_size}, {classifier.callers} callers", flush=True)
    with ThreadPoolExecutor(cores()) as threads:
        pictures = list(
            threads.map(lambda file: classifier.prepare(PictureFile(file)), files[: classifier.batch_size])
        )
    batch = (pictures * (classifier.batch_size // len(pictures) + 1))[: classifier.batch_size]
    yield "ours, from memory", lambda: from_memory(classifier, batch)
    yield "decoders alone", lambda: lambda: decode(classifier, files)
    yield "ours, complete lane from JPEG files", lambda: lane(folder / application, classifier, files)
    embedding = classifier_of(application, "auto", folder, embeddings=True)
    yield "ours, from memory, with embeddings", lambda: from_memory(embedding, batch)
    yield (
        "ours, complete lane, with embeddings",
        lambda: lane(folder / f"{application} embeddings", embedding, files),
    )
    if without_references:
        return
    for size in REFERENCE_BATCHES:
        yield f"jax.jit, pictures on the GPU, batches of {size}", partial(jax_reference, application, size)
    if all(find_spec(name) for name in ("torch", "torchvision", "timm")):
        for size in REFERENCE_BATCHES:
            yield (
                f"torch.compile, pictures on the GPU, batches of {size}",
                partial(torch_reference, application, size),
            )


def from_memory(classifier: KerasClassifier, batch: list[Any]) -> Measure:
    """The model with decoded pictures, called by as many threads as in the lane."""
    label = classifier.label_and_embed if classifier.embedding_version else classifier.label
    label(batch)

    def work() -> None:
        with ThreadPoolExecutor(classifier.callers) as callers:
            for _ in callers.map(label, [batch] * BATCHES):
                pass

    return lambda: per_second(BATCHES * len(batch), work)


def decode(classifier: KerasClassifier, files: list[Path]) -> float:
    """All decoders together, without a model, for about as long as the lane: a shared machine's speed changes."""
    passes = LANE_ROWS // len(files)

    def work() -> None:
        with ThreadPoolExecutor(cores()) as threads:
            for _ in range(passes):
                for _ in threads.map(lambda file: classifier.prepare(PictureFile(file)), files):
                    pass

    return per_second(len(files) * passes, work)


def lane(folder: Path, classifier: KerasClassifier, files: list[Path]) -> Measure:
    """The stage from files to stored labels. Each round has another name, so that all pictures are pending."""
    home = Home(folder)
    store(home, files, LANE_ROWS)
    rounds = iter(range(1000))

    def work() -> None:
        classifier.name = f"round {next(rounds)}"
        assert label_pictures(home, classifier, _nothing).items == LANE_ROWS

    return lambda: per_second(LANE_ROWS, work)


def _nothing(done: int, total: int) -> None:
    """Ignores the lane's progress."""


def jax_reference(application: str, size: int) -> Measure:
    """The same layers in bfloat16, compiled with `jax.jit`; weights and pictures are on the GPU."""
    import jax
    import keras

    from classifiers.applications import find_application

    keras.config.set_dtype_policy("bfloat16")
    model = find_application(application).build(weights=None)
    keras.config.set_dtype_policy("float32")
    values = (
        [variable.value for variable in model.trainable_variables],
        [variable.value for variable in model.non_trainable_variables],
    )
    run = jax.jit(lambda values, x: model.stateless_call(*values, x, training=False)[0])
    shape = (size, *model.input_shape[1:])
    pictures = jax.device_put(np.random.default_rng(1).normal(0, 0.5, shape).astype("float32")).astype(
        "bfloat16"
    )
    run(values, pictures).block_until_ready()

    def work() -> None:
        for scores in [run(values, pictures) for _ in range(BATCHES)]:
            scores.block_until_ready()

    return lambda: per_second(BATCHES * size, work)


def torch_reference(application: str, size: int) -> Measure:
    """PyTorch's own model in bfloat16 and channels-last order, compiled; pictures are on the GPU."""
    import timm
    import torch
    import torchvision

    if application == "EfficientNetLite0":
        model = timm.create_model("efficientnet_lite0", pretrained=False)
        side = 224
    else:
        model = torchvision.models.inception_v3(weights=None, init_weights=False, aux_logits=True)
        side = 299
    model = model.eval().to("cuda", torch.bfloat16, memory_format=torch.channels_last)
    run = torch.compile(model)
    pictures = torch.randn(size, 3, side, side, device="cuda", dtype=torch.bfloat16).to(
        memory_format=torch.channels_last
    )

    def work() -> None:
        with torch.inference_mode():
            for _ in range(BATCHES):
                run(pictures)
            torch.cuda.synchronize()

    work()
    return lambda: per_second(BATCHES * size, work)


def speeds(applications: list[str], photos: Path | None, rounds: int, *, without_references: bool) -> None:
    """Print a table for each application."""
    import_keras()
    print(f"GPUs: {list_gpus()}; {cores()} cores")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        files = jpegs(photos, folder, 512)
        kilobytes = statistics.mean(file.stat().st_size for file in files) / 1024
        print(f"{len(files)} JPEG files of {SIZE[0]} x {SIZE[1]}, {kilobytes:.0f} KB on average", flush=True)
        for application in applications:
            rates: dict[str, list[float]] = {}
            prepared = measures(application, folder, files, without_references=without_references)
            to_measure = dict(_prepare(prepared))
            for _ in range(rounds):
                for name, measure in to_measure.items():
                    rates.setdefault(name, []).append(measure())
                    # A run that is cut short has shown what it measured.
                    print(f"  {rates[name][-1]:>9.0f}  {name}", flush=True)
            for name, values in rates.items():
                print(f"{application:<18}{name:<58}{statistics.median(values):>9.0f}{max(values):>9.0f}")
            print(f"memory of the GPU at most: {_peak_memory():.1f} GB (JAX)", flush=True)


def _prepare(makers: Iterator[tuple[str, Callable[[], Measure]]]) -> Iterator[tuple[str, Measure]]:
    for name, make in makers:
        started = time.perf_counter()
        try:
            measure = make()
        except Exception as error:  # noqa: BLE001 - a reference that can't run here must not cost the rest
            print(f"  left out: {name}: {type(error).__name__}: {str(error)[:300]}", flush=True)
            continue
        print(f"  prepared in {time.perf_counter() - started:.0f} s: {name}", flush=True)
        yield name, measure


def _peak_memory() -> float:
    if find_spec("jax") is None:
        return float("nan")
    import jax

    statistics_of = jax.local_devices()[0].memory_stats() or {}
    return float(statistics_of.get("peak_bytes_in_use", "nan")) / 1e9


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Pictures a second on a GPU.")
    parser.add_argument("--photos", type=Path, help="a folder of .jpg files; default: those of the demo")
    parser.add_argument("--applications", nargs="+", default=["InceptionV3", "EfficientNetLite0"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-references", action="store_true", help="ours alone")
    parser.add_argument("--labels", type=Path, help="write the labels of --photos to this file")
    parser.add_argument("--compare", type=Path, nargs=2)
    arguments = parser.parse_args()
    if arguments.compare:
        compare(*arguments.compare)
    elif arguments.labels:
        write_labels(arguments.photos, arguments.labels)
    else:
        without = arguments.without_references
        speeds(arguments.applications, arguments.photos, arguments.rounds, without_references=without)


if __name__ == "__main__":
    main()
