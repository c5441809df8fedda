"""What Keras runs on: TensorFlow, JAX or PyTorch, whichever is there with a GPU.

`KERAS_BACKEND` (or Keras' own file of settings) comes first. Without it Keras takes TensorFlow, which is
right on a machine without a GPU, and wherever TensorFlow can use the one that there is.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from classifiers.errors import ClassifierUnavailable
from classifiers.native import without_native_chatter

_DEVICES = (Path("/dev/nvidiactl"), Path("/dev/kfd"), Path("/dev/dxg"))
"""Files that the drivers of GPUs make on Linux: NVIDIA's, AMD's, and Windows' for its own Linux."""


def import_keras() -> None:
    """Import Keras on the backend that fits. Raises `ClassifierUnavailable` where the one that is set is not there."""
    # TensorFlow's start-up lines are for its developers.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # So is its advice on compiling often, which several lanes in one run do with reason.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with without_native_chatter():
        if "keras" not in sys.modules and "KERAS_BACKEND" not in os.environ and has_gpu_device():
            os.environ["KERAS_BACKEND"] = backend_with_gpu(_SEEN)
        try:
            importlib.import_module("keras")
        except (ImportError, ValueError) as error:
            backend = os.environ.get("KERAS_BACKEND", "tensorflow")
            raise ClassifierUnavailable(
                f"Keras can't run on {backend} ({error}). Install it, or set KERAS_BACKEND to tensorflow."
            ) from error


def has_gpu_device(devices: tuple[Path, ...] = _DEVICES) -> bool:
    """Whether the system has a GPU at all; asking the libraries takes seconds."""
    return any(device.exists() for device in devices)


def backend_with_gpu(seen: dict[str, Callable[[], list[str]]]) -> str:
    """The first backend that is installed and can use a GPU; TensorFlow where none can."""
    for name, gpus_of in seen.items():
        if find_spec(name) is not None and gpus_of():
            return name
    return "tensorflow"


def gpus() -> list[str]:
    """Names of the GPUs that Keras' backend can use; none where it is not installed."""
    import_keras()
    import keras

    with without_native_chatter():
        return _SEEN.get(keras.backend.backend(), list)()


def gpu_has_bfloat16() -> bool | None:
    """Whether all GPUs compute in bfloat16; None without a GPU. NVIDIA's do from compute capability 8.0 on."""
    import keras

    if not gpus():
        return None
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            details = map(tf.config.experimental.get_device_details, tf.config.list_physical_devices("GPU"))
            return all(one.get("compute_capability", (8, 0)) >= (8, 0) for one in details)
        case "torch":
            return bool(importlib.import_module("torch").cuda.is_bf16_supported())
    return True


def _of_tensorflow() -> list[str]:
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    for device in found:
        # All of the memory at once would leave none to the other lanes. Too late is no harm.
        try:
            tf.config.experimental.set_memory_growth(device, enable=True)
        except RuntimeError:
            break
    return [device.name for device in found]


def _of_jax() -> list[str]:
    jax = importlib.import_module("jax")
    return [str(device) for device in jax.devices() if device.platform == "gpu"]


def _of_torch() -> list[str]:
    cuda = importlib.import_module("torch").cuda
    return [cuda.get_device_name(place) for place in range(cuda.device_count())]


_SEEN: dict[str, Callable[[], list[str]]] = {
    "tensorflow": _of_tensorflow,
    "jax": _of_jax,
    "torch": _of_torch,
}
