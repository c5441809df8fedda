"""Select Keras' backend: TensorFlow, JAX or PyTorch, whichever is installed and can use a GPU.

`KERAS_BACKEND` (or Keras' own settings file) comes first. Without it Keras takes TensorFlow, which is the right
choice on a machine without a GPU, and wherever TensorFlow can use the GPU.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from classifiers.errors import ClassifierUnavailable
from classifiers.native import filter_native_output

_DEVICES = (Path("/dev/nvidiactl"), Path("/dev/kfd"), Path("/dev/dxg"))
"""Device files that GPU drivers create on Linux: NVIDIA's, AMD's, and those of Windows' subsystem for Linux."""


def import_keras() -> None:
    """Import Keras on a fitting backend. Raises `ClassifierUnavailable` if the configured backend can't be imported."""
    # TensorFlow's start-up lines are for its developers.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # TensorFlow warns of frequent compilation, which is normal when one run loads several models.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with filter_native_output():
        if "keras" not in sys.modules and "KERAS_BACKEND" not in os.environ and has_gpu_device():
            os.environ["KERAS_BACKEND"] = find_backend_with_gpu(_GPU_LISTS)
        try:
            importlib.import_module("keras")
        except (ImportError, ValueError) as error:
            backend = os.environ.get("KERAS_BACKEND", "tensorflow")
            raise ClassifierUnavailable(
                f"Keras can't run on {backend} ({error}). Install it, or set KERAS_BACKEND to tensorflow."
            ) from error


def configured_backend() -> str:
    """The backend that Keras takes where the machine has no GPU. Keras is not imported to find out."""
    if (keras := sys.modules.get("keras")) is not None:
        return str(keras.backend.backend())
    if name := os.environ.get("KERAS_BACKEND"):
        return name
    folder = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
    try:
        return str(json.loads((folder / "keras.json").read_text("utf-8")).get("backend", "tensorflow"))
    except (OSError, ValueError, AttributeError):
        return "tensorflow"


def has_gpu_device(devices: tuple[Path, ...] = _DEVICES) -> bool:
    """Whether the system has a GPU. Importing the libraries to find out takes seconds."""
    return any(device.exists() for device in devices)


def find_backend_with_gpu(gpu_lists: dict[str, Callable[[], list[str]]]) -> str:
    """The first backend that is installed and can use a GPU; TensorFlow if none can."""
    for name, list_backend_gpus in gpu_lists.items():
        if find_spec(name) is not None and list_backend_gpus():
            return name
    return "tensorflow"


def list_gpus() -> list[str]:
    """Names of the GPUs that Keras' backend can use; empty if the backend is not installed."""
    import_keras()
    import keras

    with filter_native_output():
        return _GPU_LISTS.get(keras.backend.backend(), list)()


def gpu_has_bfloat16() -> bool | None:
    """Whether all GPUs compute in bfloat16; None without a GPU. NVIDIA's do from compute capability 8.0 on."""
    import keras

    if not list_gpus():
        return None
    match keras.backend.backend():
        case "tensorflow":
            import tensorflow as tf

            details = map(tf.config.experimental.get_device_details, tf.config.list_physical_devices("GPU"))
            return all(one.get("compute_capability", (8, 0)) >= (8, 0) for one in details)
        case "torch":
            return bool(importlib.import_module("torch").cuda.is_bf16_supported())
    return True


def _list_tensorflow_gpus() -> list[str]:
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    for device in devices:
        # By default TensorFlow takes all GPU memory and leaves none to other classifiers. Once the GPU is in use
        # the setting can't change, which does no harm.
        try:
            tf.config.experimental.set_memory_growth(device, enable=True)
        except RuntimeError:
            break
    return [device.name for device in devices]


def _list_jax_gpus() -> list[str]:
    jax = importlib.import_module("jax")
    return [str(device) for device in jax.devices() if device.platform == "gpu"]


def _list_torch_gpus() -> list[str]:
    cuda = importlib.import_module("torch").cuda
    return [cuda.get_device_name(index) for index in range(cuda.device_count())]


_GPU_LISTS: dict[str, Callable[[], list[str]]] = {
    "tensorflow": _list_tensorflow_gpus,
    "jax": _list_jax_gpus,
    "torch": _list_torch_gpus,
}
