"""Pictures per second that a classifier labels on this machine, compared with alternatives.

    .venv/bin/python -m benchmarks.classify [--photos FOLDER] [--application InceptionV3] [--rounds 3]
    .venv/bin/python -m benchmarks.classify --memory 1000 10000 100000

The first command prints a table: the model alone, a plain loop around it, the complete lane (from JPEG files to stored
labels), the same with the LiteRT copy that a lane makes on a CPU in float32, and alternatives. It measures all of them in each round, because the speed of a machine varies; a number is the median
of the rounds. 'By CPU' is the rate on idle cores, computed from the CPU time of the process, and 'CPU ms' that time for one
picture: use these where other programs run. Weights are random, which does not change the speed, but for EfficientNetLite0. ONNX Runtime and
OpenVINO get the same model, and pictures decoded or as files, if `onnx` and `openvino` are installed. The second
command labels that many pictures with a classifier that does no work, and prints the memory that the lane uses.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.classify.files import SIZE, jpegs, per_second
from benchmarks.classify.loops import MODEL_PICTURES, Measure, alone, decoding, lane, plain_loop
from benchmarks.classify.memory import memory
from benchmarks.classify.onnx_export import as_onnx
from classifiers.applications import find_application
from classifiers.backend import import_keras
from classifiers.cores import cores
from classifiers.keras import KerasOptions, load
from classifiers.litert_copy.classifier import CopyModel, LitertCopy
from classifiers.litert_copy.making import make_copy
from classifiers.precision import cpu_has_bfloat16

STUDY_PICTURES = 8
OTHERS_BATCH = 32
COPY = "LiteRT copy"


def keras_measures(folder: Path, files: list[Path], application: str) -> Iterator[tuple[str, Measure]]:
    """The study's method, and ours in each precision: the model alone, then the complete lane."""
    import_keras()
    import keras

    model = build(application)
    model.save_weights(folder / "model.weights.h5")
    (folder / "names.txt").write_text("".join(f"thing {number}\n" for number in range(1000)))
    size = model.input_shape[1:3]

    def study() -> None:
        for file in files[:STUDY_PICTURES]:
            picture = keras.utils.img_to_array(keras.utils.load_img(file, target_size=size))
            model.predict(picture[np.newaxis] / 127.5 - 1, verbose=0)

    def measure_study() -> float:
        study()  # not measured: loading other models discards what was compiled
        return per_second(STUDY_PICTURES, study)

    yield "one by one through predict, as the study did", measure_study
    yield "decoding alone, one thread", lambda: decoding(files, size)
    for precision in ("float32", "bfloat16") if cpu_has_bfloat16() else ("float32",):
        options = KerasOptions(
            application=application,
            weights=folder / "model.weights.h5",
            labels=folder / "names.txt",
            precision=precision,
        )
        classifier = load("c", options)
        yield f"model alone, {precision}, batches of {classifier.batch_size}", alone(classifier, files)
        yield f"plain loop from files, {precision}", plain_loop(classifier, files)
        yield f"complete lane, {precision}", lane(folder / precision, classifier, files)
        if precision == "float32":
            yield from copy_measures(folder, files, options, classifier.version)


def copy_measures(
    folder: Path, files: list[Path], options: KerasOptions, version: str
) -> Iterator[tuple[str, Measure]]:
    """The LiteRT copy of the model in float32: alone, in a plain loop, and in the lane."""
    started = time.perf_counter()
    description, content = make_copy(options, version)
    if description.problem:
        print(f"Skipping the LiteRT copy: {description.problem}")
        return
    print(
        f"The LiteRT copy was made in {time.perf_counter() - started:.0f} s. By its own measurement the model takes"
        f" {description.speedup:.2f} times its processor time, and the largest difference is {description.max_difference:.1e}."
    )
    copy = LitertCopy("c", options, description, CopyModel(content))
    yield f"model alone, {COPY}, batches of {copy.batch_size}", alone(copy, files)
    yield f"plain loop from files, {COPY}", plain_loop(copy, files)
    yield f"complete lane, {COPY}", lane(folder / "copy", copy, files)


def build(application: str) -> Any:
    """The model, with ImageNet's weights if they need no download, else with random ones."""
    found = find_application(application)
    return found.build(weights=None) if found.needs_download else found.build_with_imagenet()


def others(folder: Path, files: list[Path], application: str) -> Iterator[tuple[str, Measure]]:
    """The same model in ONNX Runtime and OpenVINO, batches of 32: decoded pictures, then files."""
    if find_spec("onnx") is None:
        print("Skipping ONNX Runtime and OpenVINO. To include them, run `pip install onnx openvino`.")
        return
    model = folder / "model.onnx"
    size = as_onnx(build(application), model)
    for name, run in (*_onnxruntime(model), *_openvino(model, (OTHERS_BATCH, 3, *size))):
        yield name, _measure_model(run, size)
        yield f"{name}, files, full decode", _measure_files(run, files, size, scaled=False)
        yield f"{name}, files, scaled decode", _measure_files(run, files, size, scaled=True)


Run = Callable[[NDArray[np.float32]], object]
"""A model whose input is a batch of pictures, (32, 3, height, width)."""


def _measure_model(run: Run, size: tuple[int, int]) -> Measure:
    batch = np.random.default_rng(1).normal(0, 0.5, (OTHERS_BATCH, 3, *size)).astype(np.float32)
    run(batch)

    def work() -> None:
        for _ in range(MODEL_PICTURES // OTHERS_BATCH):
            run(batch)

    return lambda: per_second(MODEL_PICTURES, work)


def _measure_files(run: Run, files: list[Path], size: tuple[int, int], *, scaled: bool) -> Measure:
    """The simplest code around a model: threads decode ahead, and nothing is stored."""

    def pixels(file: Path) -> NDArray[np.float32]:
        with Image.open(file) as image:
            if scaled:
                image.draft("RGB", size[::-1])
            resized = image.convert("RGB").resize(size[::-1], Image.Resampling.BILINEAR)
        return np.asarray(resized, np.float32).transpose(2, 0, 1) / 127.5 - 1

    full = files[: len(files) // OTHERS_BATCH * OTHERS_BATCH]

    def work() -> None:
        with ThreadPoolExecutor(cores()) as threads:
            pictures = threads.map(pixels, full)
            for _ in range(0, len(full), OTHERS_BATCH):
                run(np.stack(list(islice(pictures, OTHERS_BATCH))))

    return lambda: per_second(len(full), work)


def _onnxruntime(model: Path) -> Iterator[tuple[str, Run]]:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(model))
    name = session.get_inputs()[0].name
    yield "ONNX Runtime, float32", lambda batch: session.run(None, {name: batch})  # no bfloat16 on x86


def _openvino(model: Path, shape: tuple[int, ...]) -> Iterator[tuple[str, Run]]:
    if find_spec("openvino") is None:
        print("Skipping OpenVINO. To include it, run `pip install openvino`.")
        return
    import openvino

    core = openvino.Core()
    network = core.read_model(str(model))
    network.reshape(shape)
    for precision, hint in (("float32", "f32"), ("bfloat16", "bf16")):
        compiled = core.compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": hint})
        yield f"OpenVINO, {precision}", compiled


def speeds(photos: Path | None, application: str, pictures: int, rounds: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        files = jpegs(photos, folder, pictures)
        kilobytes = statistics.mean(file.stat().st_size for file in files) / 1024
        print(
            f"{application}; {len(files)} JPEG files of {SIZE[0]} x {SIZE[1]}, {kilobytes:.0f} KB on average;"
        )
        print(f"{cores()} cores, load {os.getloadavg()[0]:.1f} at the start\n")
        measures = dict([*keras_measures(folder, files, application), *others(folder, files, application)])
        rates_of: dict[str, list[float]] = {name: [] for name in measures}
        cpu_rates_of: dict[str, list[float]] = {name: [] for name in measures}
        cpu_seconds_of: dict[str, list[float]] = {name: [] for name in measures}
        for number in range(1, rounds + 1):
            for name, measure in measures.items():
                cpu, started = time.process_time(), time.perf_counter()
                rates_of[name].append(measure())
                busy = (time.process_time() - cpu) / (time.perf_counter() - started)
                cpu_rates_of[name].append(rates_of[name][-1] / busy * cores())
                cpu_seconds_of[name].append(busy / rates_of[name][-1])
                print(f"  round {number}: {rates_of[name][-1]:>8.1f}  {name}", flush=True)
    study = next(iter(rates_of))
    print(
        f"{'pictures a second':<52}{'median':>8}{'best':>8}{'by CPU':>8}{'CPU ms':>8}{'ratio to the first':>20}"
    )
    for name, rates in rates_of.items():
        ratio = statistics.median(a / b for a, b in zip(rates, rates_of[study], strict=True))
        print(
            f"{name:<52}{statistics.median(rates):>8.1f}{max(rates):>8.1f}{max(cpu_rates_of[name]):>8.1f}"
            f"{statistics.median(cpu_seconds_of[name]) * 1000:>8.1f}{ratio:>20.1f}"
        )
    _print_shares(rates_of, cpu_seconds_of)


def _print_shares(rates_of: dict[str, list[float]], cpu_seconds_of: dict[str, list[float]]) -> None:
    """What each lane reaches of its model alone, and of a plain loop, and the lane with the copy of the one without."""
    for way in ("float32", "bfloat16", COPY):
        lane_name = f"complete lane, {way}"
        for other in ("model alone", "plain loop", "complete lane, float32"):
            reference = next(
                (
                    one
                    for one in rates_of
                    if one.startswith(other) and (way in one or other.endswith("float32"))
                ),
                None,
            )
            if lane_name not in rates_of or reference in (None, lane_name) or reference is None:
                continue
            share = statistics.median(
                a / b for a, b in zip(rates_of[lane_name], rates_of[reference], strict=True)
            )
            by_cpu = statistics.median(
                b / a for a, b in zip(cpu_seconds_of[lane_name], cpu_seconds_of[reference], strict=True)
            )
            print(f"the lane, {way}: {share:.2f} of {reference}, {by_cpu:.2f} by CPU")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Pictures a second on this machine.")
    parser.add_argument(
        "--photos", type=Path, help="a folder of .jpg files to vary; default: those of the demo"
    )
    parser.add_argument(
        "--application", default="InceptionV3", help="a model of keras.applications, or EfficientNetLite0"
    )
    parser.add_argument("--pictures", type=int, default=640, help="number of JPEG files, at least 32")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--memory", type=int, nargs="+", metavar="PICTURES", help="print the memory for that many pictures"
    )
    arguments = parser.parse_args()
    memory(arguments.memory) if arguments.memory else speeds(
        arguments.photos, arguments.application, arguments.pictures, arguments.rounds
    )


if __name__ == "__main__":
    main()
