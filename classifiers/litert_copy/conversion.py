"""Convert a Keras model to a LiteRT file and compare the two. A process of its own runs this module.

    python -m classifiers.litert_copy.conversion < JOB

TensorFlow's converter can end the process that calls it, and takes memory that it does not give back.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.compiled import CPU_BATCH, DEFAULT_SIDE, CompiledModel
from classifiers.errors import ClassifierUnavailable, in_one_line
from classifiers.fitted import NORM
from classifiers.keras import ModelInfo, prepare_graph, read_model
from classifiers.litert_copy.classifier import CopyModel
from classifiers.litert_copy.files import MAX_BYTES, CopyDescription, write_copy
from classifiers.litert_copy.making import NAME, UNAVAILABLE, Job
from classifiers.scores import to_probabilities

MAX_DIFFERENCE = 0.001
"""Between the scores of a model and of its copy, as `compare` measures it."""
ROUNDS = 3
"""Of a batch each, when speed is measured; the fastest counts."""


def convert(model: Any, info: ModelInfo) -> bytes:
    """A LiteRT file that computes what the Keras model does, with its preprocessing, from bytes of one picture."""
    import keras
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    def compute(pictures: Any) -> list[Any]:
        outputs = model(info.application.preprocess(keras.ops.cast(pictures, "float32")), training=False)
        return [keras.ops.cast(one, "float32") for one in as_list(outputs)]

    height, width = input_size(model)
    compiled = tf.function(compute, input_signature=[tf.TensorSpec((1, height, width, 3), tf.uint8)])
    # The converter's own freezing leaves the variables of some models without values (Inception v3), and a saved
    # model can't have variables whose names begin with an underscore (EfficientNetLite0).
    frozen = convert_variables_to_constants_v2(compiled.get_concrete_function())
    content: bytes = tf.lite.TFLiteConverter.from_concrete_functions([frozen]).convert()
    return content


def input_size(model: Any) -> tuple[int, int]:
    """Height and width of the model's pictures."""
    height, width = model.input_shape[1:3]
    return height or DEFAULT_SIDE, width or DEFAULT_SIDE


def compare(model: Any, info: ModelInfo, content: bytes) -> float:
    """The largest difference between the model and its copy, on pictures of chance.

    That of scores is relative to the picture's best one, which is small for such pictures; that of embeddings is
    relative to their length.
    """
    import keras

    pictures = make_pictures(*input_size(model))
    outputs = model(info.application.preprocess(pictures.astype(np.float32)), training=False)
    scores, *vectors = [keras.ops.convert_to_numpy(one) for one in as_list(outputs)]
    found = CopyModel(content).outputs(list(pictures))
    if not info.classes.multi_label:
        scores, found[0] = to_probabilities(scores), to_probabilities(found[0])
    differences = [np.max(np.abs(found[0] - scores).max(axis=1) / scores.max(axis=1))]
    for expected, vector in zip(vectors, found[1:], strict=True):
        lengths = np.linalg.norm(expected, axis=1) + NORM
        differences.append(np.max(np.linalg.norm(vector - expected, axis=1) / lengths))
    largest = float(np.max(differences))
    return largest if np.isfinite(largest) else float("inf")


def measure_speedup(model: Any, info: ModelInfo, content: bytes) -> float:
    """How many times the processor time of the copy the lane's compiled model takes, in float32 on this machine.

    Nothing else may run in the process. Processor time, because other programs change the time by the clock.
    """
    compiled = CompiledModel(model, info.application.preprocess, "float32", info.classes, on_gpu=False)
    # The copy as one caller of a lane has it: on one core, where the lane has as many callers.
    copy = CopyModel(content)
    made = make_pictures(*input_size(model))
    batch = [made[number % len(made)] for number in range(CPU_BATCH)]
    runs: list[Callable[[], object]] = [lambda: compiled.best_classes(batch), lambda: copy.outputs(batch)]
    for run_once in runs:  # not measured: it compiles the one, and packs the weights of the other
        run_once()
    model_seconds, copy_seconds = (
        min(times)
        for times in zip(*([_cpu_seconds(one) for one in runs] for _ in range(ROUNDS)), strict=True)
    )
    return float(model_seconds / copy_seconds)


def _cpu_seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def as_list(outputs: Any) -> list[Any]:
    """A model's outputs: scores, and embeddings where it has them."""
    return list(outputs) if isinstance(outputs, list | tuple) else [outputs]


def make_pictures(height: int, width: int) -> NDArray[np.uint8]:
    """Noise, stripes and areas of one colour, from a seed: uint8 (pictures, height, width, 3)."""
    chance = np.random.default_rng(14)
    down, across = np.indices((height, width))
    waves = [127 + 120 * np.sin(down / speed + across / (40 - speed)) for speed in (3, 9, 27)]
    colours = chance.integers(40, 256, (3, 3)) / 255
    return np.stack(
        [
            chance.integers(0, 256, (height, width, 3)),
            *(wave[..., None] * colour for wave, colour in zip(waves, colours, strict=True)),
            np.full((height, width, 3), chance.integers(0, 256, 3)),
        ]
    ).astype(np.uint8)


def run(job: Job) -> None:
    """Write the copy, or a description that says why there is none. Raises `ClassifierUnavailable`."""
    # The lane may compute in bfloat16: that is in its version. The copy is made of the float32 weights.
    options = job.options.model_copy(update={"precision": job.precision})
    model, info = read_model(options)
    if job.version is not None and info.version != job.version:
        raise ClassifierUnavailable(
            f"The settings give the version {info.version}, and a copy of {job.version} is needed."
        )
    model = prepare_graph(model, info)
    difference, speedup, content = 0.0, 0.0, None
    try:
        content = convert(model, info)
        difference = compare(model, info, content)
        problem = _problem(content, difference)
        if not problem and info.precision == "float32":
            speedup = round(measure_speedup(model, info, content), 2)
    except Exception as error:  # noqa: BLE001 - whatever the converter or LiteRT can't do
        problem = f"it can't be converted ({type(error).__name__}: {in_one_line(error)})"
    description = CopyDescription(
        version=info.version,
        embedding_version=info.embedding_version,
        sha256=hashlib.sha256(content or b"").hexdigest(),
        names=tuple(info.classes.names),
        ids=tuple(info.classes.ids),
        max_difference=difference,
        speedup=speedup,
        problem=problem,
    )
    write_copy(job.folder, NAME, description, None if problem else content)


def _problem(content: bytes, difference: float) -> str:
    if len(content) > MAX_BYTES:
        return f"it has {len(content) / 1e6:,.0f} MB"
    if difference > MAX_DIFFERENCE:
        return f"its scores differ by up to {difference:.2%}"
    return ""


if __name__ == "__main__":
    try:
        run(Job.model_validate_json(sys.stdin.buffer.read()))
    except ClassifierUnavailable as unavailable:
        sys.stderr.write(f"{unavailable}\n")
        sys.exit(UNAVAILABLE)
