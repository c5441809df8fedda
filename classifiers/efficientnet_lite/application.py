"""EfficientNet-Lite0 as `keras.applications` has its models: a function that builds, and its preprocessing."""

from __future__ import annotations

from typing import Any

from classifiers.efficientnet_lite.architecture import build_layers
from classifiers.efficientnet_lite.weights import load_weights


def EfficientNetLite0(weights: str | None = None, include_top: bool = True) -> Any:  # noqa: N802 - as in Keras
    """The model, with random weights or, for 'imagenet', with those of its package.

    Raises `ClassifierUnavailable` if the package is not installed or damaged.
    """
    model = build_layers(include_top)
    if weights is not None:
        load_weights(model)
    return model


def preprocess(pictures: Any) -> Any:
    """RGB from 0 to 255 as the weights expect it: (x - 127) / 128, about -1 to 1."""
    return (pictures - 127.0) / 128.0
