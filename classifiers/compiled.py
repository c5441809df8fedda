"""A Keras model compiled for batches of one size, in one precision, on the selected backend.

The compiled part begins with a picture's bytes: a GPU receives a quarter of what float32 pictures take.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.embedding import MAX_FLOAT16
from classifiers.precision import Precision
from classifiers.scores import BestClasses, Classes

CPU_BATCH = 16
"""As fast as 32 where two threads call (docs/decisions.md), in less memory."""
GPU_BATCH = 256
"""The first batch size that is tried on a GPU; it is halved until it fits the memory."""

GPU_CALLERS = 4
"""More are not faster (docs/measurements.md)."""

_Run = Callable[[NDArray[np.uint8]], Sequence[NDArray[Any]]]
"""A batch of pictures, (batch size, height, width, 3), to arrays with a row per picture.

The first is scores, float32 (batch size, classes); where the best classes are found on the GPU, it is the four arrays
of `Classes.find_best_on_device`. After them come embeddings, float16 (batch size, dimensions), if the model has them.
"""

DEFAULT_SIDE = 224
_OUT_OF_MEMORY = ("resource_exhausted", "resourceexhausted", "out of memory", "oom")


class CompiledModel:
    """Finds the best classes of pictures. On a GPU, the constructor runs it to find a batch that fits the memory.

    With a model of `classifiers.embedding.add_embedding`, the same pass gives their embeddings. With `single` batches
    have one picture, and TensorFlow computes without compilation, which takes longer than one picture.
    """

    def __init__(
        self,
        model: Any,
        preprocess: Callable[[Any], Any],
        precision: Precision,
        classes: Classes,
        on_gpu: bool,
        single: bool = False,
    ) -> None:
        import keras

        if precision == "bfloat16":
            _compute_in_bfloat16(model)
        # MobileNetV3 takes any size; it was trained with 224.
        height, width = model.input_shape[1:3]
        self.size = (height or DEFAULT_SIDE, width or DEFAULT_SIDE)
        self._classes = classes
        # With a GPU, Python's part of the work limits the speed, and NumPy would sort all scores there.
        self._best_on_gpu = on_gpu and keras.backend.backend() in {"jax", "tensorflow"}
        reduce = classes.find_best_on_device if self._best_on_gpu else None
        self._run = _compile(model, preprocess, reduce, on_gpu=on_gpu, single=single)
        self._local = threading.local()
        # On a GPU, some batches are filled, copied or turned into labels while another is computed. On a CPU,
        # TensorFlow's threads work on one batch while an operation of the other ends.
        self.callers = GPU_CALLERS if on_gpu else 2 if keras.backend.backend() == "tensorflow" else 1
        if single:
            self.batch_size = 1
        else:
            self.batch_size = find_batch_size(self._try, GPU_BATCH) if on_gpu else CPU_BATCH

    def best_classes(self, pictures: Sequence[NDArray[Any]]) -> BestClasses:
        """The best classes of up to `batch_size` uint8 pictures of shape (height, width, 3)."""
        return self.best_classes_and_embeddings(pictures)[0]

    def best_classes_and_embeddings(
        self, pictures: Sequence[NDArray[Any]]
    ) -> tuple[BestClasses, list[NDArray[np.float16]]]:
        """The same, and an array of one embedding per picture, (pictures, dimensions), if the model has them.

        Raises `ClassifierUnavailable` if a model of `multi_label` classes does not give probabilities.
        """
        outputs = self._outputs(pictures)
        if not self._best_on_gpu:
            return self._classes.find_best(outputs[0]), outputs[1:]
        scores, indices, low, high, *embeddings = outputs
        self._classes.require_probabilities(low, high)
        return BestClasses(indices, scores), embeddings

    def _outputs(self, pictures: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        batch = self._batch_of_thread()
        # One picture below the other, which `np.stack` does in a third more time.
        np.concatenate(pictures, out=batch[: len(pictures)].reshape(-1, self.size[1], 3))
        return [rows[: len(pictures)] for rows in self._run(batch)]

    def _batch_of_thread(self) -> NDArray[np.uint8]:
        # New memory for each batch would take longer than filling it. `_run` has read it when it returns.
        if not hasattr(self._local, "batch"):
            self._local.batch = np.zeros((self.batch_size, *self.size, 3), np.uint8)
        batch: NDArray[np.uint8] = self._local.batch
        return batch

    def _try(self, batch_size: int) -> None:
        self._run(np.zeros((batch_size, *self.size, 3), np.uint8))


def find_batch_size(attempt: Callable[[int], None], max_size: int) -> int:
    """The largest of `max_size`, its half, its quarter … that fits the memory; at least 1."""
    size = max_size
    while size > 1:
        try:
            attempt(size)
        except Exception as error:  # each backend has its own exception for this
            if not any(word in f"{type(error).__name__} {error}".lower() for word in _OUT_OF_MEMORY):
                raise
            size //= 2
        else:
            return size
    return size


def _compile(
    model: Any,
    preprocess: Callable[[Any], Any],
    reduce: Callable[[Any], list[Any]] | None,
    *,
    on_gpu: bool,
    single: bool,
) -> _Run:
    import keras

    def compute(pictures: Any) -> list[Any]:
        outputs = model(preprocess(keras.ops.cast(pictures, "float32")), training=False)
        outputs = list(outputs) if isinstance(outputs, list | tuple) else [outputs]
        scores, *vectors = (keras.ops.cast(one, "float32") for one in outputs)
        vectors = [keras.ops.clip(one, -MAX_FLOAT16, MAX_FLOAT16) for one in vectors]
        best = reduce(scores) if reduce is not None else [scores]
        return [*best, *(keras.ops.cast(one, "float16") for one in vectors)]

    match keras.backend.backend():
        case "jax":
            return _compile_with_jax(model, compute)
        case "torch":
            return _compile_with_torch(compute)
    return _compile_with_tensorflow(compute, on_gpu=on_gpu, single=single)


def _compile_with_jax(model: Any, compute: Callable[[Any], list[Any]]) -> _Run:
    # Not `predict_on_batch`: it gives the memory of the weights away while it runs, so two threads can't call it.
    import jax
    import keras

    values = [variable.value for variable in model.variables]

    def run(values: Any, pictures: Any) -> Any:
        with keras.StatelessScope(state_mapping=list(zip(model.variables, values, strict=True))):
            return compute(pictures)

    compiled = jax.jit(run)
    return lambda batch: [np.asarray(one) for one in compiled(values, batch)]


def _compile_with_torch(compute: Callable[[Any], list[Any]]) -> _Run:
    import keras
    import torch

    def run(batch: NDArray[np.uint8]) -> list[NDArray[Any]]:
        with torch.inference_mode():
            outputs = compute(keras.ops.convert_to_tensor(batch))
            return [keras.ops.convert_to_numpy(one) for one in outputs]

    return run


def _compile_with_tensorflow(compute: Callable[[Any], list[Any]], *, on_gpu: bool, single: bool) -> _Run:
    import keras

    class BytesModel(keras.Model):  # type: ignore[misc]
        def call(self, pictures: Any) -> Any:
            return compute(pictures)

    bytes_model = BytesModel()
    # On a CPU, XLA is slower than oneDNN's kernels.
    bytes_model.compile(jit_compile=on_gpu and not single, run_eagerly=single)
    run: _Run = bytes_model.predict_on_batch
    return run


def _compute_in_bfloat16(model: Any) -> None:
    """Weights and the last layer stay float32: with 8 bits, scores would tie."""
    import keras

    policy = keras.DTypePolicy("mixed_bfloat16")
    float32_layers = keras.layers.InputLayer | keras.layers.Rescaling | keras.layers.Normalization
    layers = list(_layers(model))
    with_weights = [index for index, layer in enumerate(layers) if layer.weights]
    for layer in layers[: max(with_weights, default=0)]:
        if not isinstance(layer, float32_layers):
            layer.dtype_policy = policy


def _layers(model: Any) -> Iterator[Any]:
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _layers(layer)
        else:
            yield layer
