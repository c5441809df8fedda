"""A Keras model compiled for batches of one size, in one precision, on whatever Keras runs on.

Everything from a picture's bytes on is in the compiled part: what goes to a GPU is a quarter of the
float32 pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.precision import Precision

CPU_BATCH = 16
"""As fast as 32 where two threads call (docs/decisions.md), in less memory."""
GPU_BATCH = 256
"""The largest that is tried on a GPU; halved until it fits the memory."""

ANY_SIZE = 224
_NO_MEMORY = ("resource_exhausted", "resourceexhausted", "out of memory", "oom")


class Compiled:
    """Scores of batches of pictures. Building one runs the model once, so that the first batch is no slower."""

    def __init__(
        self,
        model: Any,
        preprocess: Callable[[Any], Any],
        precision: Precision,
        on_gpu: bool,
    ) -> None:
        import keras

        if precision == "bfloat16":
            _compute_in_bfloat16(model)
        # MobileNetV3 takes any size; 224 is what it was trained with.
        height, width = model.input_shape[1:3]
        self.size = (height or ANY_SIZE, width or ANY_SIZE)
        self._run = _compiled(model, preprocess, on_gpu=on_gpu)
        # On a GPU one batch travels while another is computed; on a CPU TensorFlow's threads find work in one
        # batch while the other's operation ends.
        self.callers = 2 if on_gpu or keras.backend.backend() == "tensorflow" else 1
        self.batch_size = largest_batch(self._try, GPU_BATCH) if on_gpu else CPU_BATCH

    def scores(self, pictures: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
        """One row of scores a picture, for up to `batch_size` uint8 pictures of shape (height, width, 3)."""
        batch = np.zeros((self.batch_size, *self.size, 3), np.uint8)
        np.stack(pictures, out=batch[: len(pictures)])
        answers: NDArray[np.float32] = self._run(batch)[: len(pictures)]
        return answers

    def _try(self, batch_size: int) -> None:
        self._run(np.zeros((batch_size, *self.size, 3), np.uint8))


def largest_batch(attempt: Callable[[int], None], most: int) -> int:
    """The largest of `most`, its half, its quarter … that the memory has room for, 1 at the least."""
    size = most
    while size > 1:
        try:
            attempt(size)
        except Exception as error:  # each backend has an error of its own for it
            if not any(word in f"{type(error).__name__} {error}".lower() for word in _NO_MEMORY):
                raise
            size //= 2
        else:
            return size
    return size


def _compiled(
    model: Any, preprocess: Callable[[Any], Any], *, on_gpu: bool
) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    import keras

    class FromBytes(keras.Model):  # type: ignore[misc]
        def call(self, pictures: Any) -> Any:
            scores = model(preprocess(keras.ops.cast(pictures, "float32")), training=False)
            return keras.ops.cast(scores, "float32")

    whole = FromBytes()
    # XLA where it pays: always for JAX, on a GPU for TensorFlow. On a CPU it loses oneDNN's kernels.
    backend = keras.backend.backend()
    whole.compile(jit_compile=backend == "jax" or (on_gpu and backend == "tensorflow"))
    run: Callable[[NDArray[np.uint8]], NDArray[np.float32]] = whole.predict_on_batch
    return run


def _compute_in_bfloat16(model: Any) -> None:
    """Weights stay float32, and the last layer computes in it: scores would tie at 8 bits."""
    import keras

    policy = keras.DTypePolicy("mixed_bfloat16")
    kept = keras.layers.InputLayer | keras.layers.Rescaling | keras.layers.Normalization
    layers = list(_layers(model))
    with_weights = [place for place, layer in enumerate(layers) if layer.weights]
    for layer in layers[: max(with_weights, default=0)]:
        if not isinstance(layer, kept):
            layer.dtype_policy = policy


def _layers(model: Any) -> Iterator[Any]:
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _layers(layer)
        else:
            yield layer
