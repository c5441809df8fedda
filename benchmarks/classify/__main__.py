"""Pictures per second that a classifier labels on this machine, compared with alternatives.

    .venv/bin/python -m benchmarks.classify [--photos FOLDER] [--application InceptionV3] [--rounds 3]
    .venv/bin/python -m benchmarks.classify --memory 1000 10000 100000

The first command prints a table: the model alone, a plain loop around it, the complete lane (from JPEG files to stored
labels), and alternatives. It measures all of them in each round, because the speed of a machine varies; a number is the median
of the rounds. 'By CPU' is the rate on idle cores, computed from the CPU time of the process: use it where other
programs run. Weights are random, which does not change the speed, but for EfficientNetLite0. ONNX Runtime and
OpenVINO get the same model, and pictures decoded or as files, if `onnx` and `openvino` are installed. The second
command labels that many pictures with a classifier that does no work, and prints the memory that the lane uses.
"""

from __future__ import annotations

import argparse
import gc
import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.classify.files import SIZE, jpegs, per_second, store
from benchmarks.classify.loops import MODEL_PICTURES, Measure, alone, decoding, lane, plain_loop
from benchmarks.classify.onnx_export import as_onnx
from classifiers.applications import find_application
from classifiers.backend import import_keras
from classifiers.cores import cores
from classifiers.keras import KerasOptions, load
from classifiers.pictures import PictureFile
from classifiers.precision import cpu_has_bfloat16
from classifiers.protocol import Label, PreparedPicture
from flows.demo.photographs import SUBJECTS, original
from tasks.classify.stage import label_pictures
from warehouse.home import Home

STUDY_PICTURES = 8
OTHERS_BATCH = 32


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
        for number in range(1, rounds + 1):
            for name, measure in measures.items():
                cpu, started = time.process_time(), time.perf_counter()
                rates_of[name].append(measure())
                busy = (time.process_time() - cpu) / (time.perf_counter() - started)
                cpu_rates_of[name].append(rates_of[name][-1] / busy * cores())
                print(f"  round {number}: {rates_of[name][-1]:>8.1f}  {name}", flush=True)
    study = next(iter(rates_of))
    print(f"{'pictures a second':<52}{'median':>8}{'best':>8}{'by CPU':>8}{'ratio to the first':>20}")
    for name, rates in rates_of.items():
        ratio = statistics.median(a / b for a, b in zip(rates, rates_of[study], strict=True))
        print(
            f"{name:<52}{statistics.median(rates):>8.1f}{max(rates):>8.1f}{max(cpu_rates_of[name]):>8.1f}{ratio:>20.1f}"
        )
    for precision in ("float32", "bfloat16"):
        lanes = rates_of.get(f"complete lane, {precision}", [])
        for other in ("model alone", "plain loop"):
            reference = next((one for one in rates_of if one.startswith(other) and precision in one), None)
            if lanes and reference is not None:
                share = statistics.median(a / b for a, b in zip(lanes, rates_of[reference], strict=True))
                by_cpu = max(cpu_rates_of[f"complete lane, {precision}"]) / max(cpu_rates_of[reference])
                print(f"the lane in {precision}: {share:.2f} of {reference}, {by_cpu:.2f} by CPU")


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
